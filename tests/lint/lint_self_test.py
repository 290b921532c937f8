#!/usr/bin/env python3
"""Shows that each lint check finds what it is for, on small trees made for that."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import headers_alone  # noqa: E402
import include_direction  # noqa: E402
import links  # noqa: E402
import python_sources  # noqa: E402
import words  # noqa: E402


class Tree(unittest.TestCase):
    """A test that writes a tree of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


class IncludeDirection(Tree):
    def problems(self):
        return include_direction.problems(self.root)

    def test_arrow_that_points_down_is_accepted(self):
        self.put("collector/model/a.h", "#pragma once\n#include <vector>\n")
        self.put("collector/wire/b.h", '#include "collector/model/a.h"\n')
        self.put("collector/pipeline/c.cc", '#include "collector/wire/b.h"\n')
        self.put("collector/app/d.cc", '#include "collector/pipeline/e.h"\n')
        self.put("collector/pipeline/e.h", "")
        self.assertEqual(self.problems(), [])

    def test_arrow_that_points_up_is_refused(self):
        self.put("collector/wire/b.h", "")
        self.put("collector/model/a.h", '\n#include "collector/wire/b.h"\n')
        self.assertEqual(self.problems(), ['collector/model/a.h:2: collector/model may not include '
                                           'collector/wire ("collector/wire/b.h")'])

    def test_arrow_to_a_sibling_is_refused(self):
        self.put("collector/ingest/b.h", "")
        self.put("collector/wire/a.cc", '#include "collector/ingest/b.h"\n')
        self.assertEqual(self.problems(), ['collector/wire/a.cc:1: collector/wire may not include '
                                           'collector/ingest ("collector/ingest/b.h")'])

    def test_one_output_may_not_include_another(self):
        self.put("exporters/prometheus/b.h", "")
        self.put("exporters/http/a.cc", '#include "exporters/prometheus/b.h"\n')
        self.assertEqual(self.problems(), ['exporters/http/a.cc:1: exporters/http may not include '
                                           'exporters/prometheus ("exporters/prometheus/b.h")'])

    def test_unknown_folder_is_refused(self):
        self.put("collector/sundry/a.cc", "")
        self.assertEqual(self.problems(), ["collector/sundry/a.cc: collector/sundry is not a layer; "
                                           "name it in tests/lint/include_direction.py"])

    def test_include_that_is_not_from_the_root_is_refused(self):
        self.put("collector/wire/b.h", "")
        self.put("collector/wire/a.cc", '#include "b.h"\n')
        self.put("tests/wire/a_test.cc", '#include "../a.h"\n')
        self.assertEqual(self.problems(), [
            'collector/wire/a.cc:1: "b.h" is not a path from the root',
            'tests/wire/a_test.cc:1: "../a.h" is not a path from the root'])

    def test_own_header_in_angle_brackets_is_refused(self):
        self.put("collector/model/b.h", "")
        self.put("collector/wire/a.cc", "#include <collector/model/b.h>\n")
        self.assertEqual(self.problems(), ['collector/wire/a.cc:1: <collector/model/b.h> is ours; '
                                           'write "collector/model/b.h"'])

    def test_test_code_in_the_program_is_refused(self):
        self.put("tests/support/b.h", "")
        self.put("collector/app/a.cc", '#include "tests/support/b.h"\n')
        self.assertEqual(self.problems(),
                         ['collector/app/a.cc:1: "tests/support/b.h" is test code'])

    def test_include_of_nothing_is_refused(self):
        self.put("collector/app/a.cc", '#include "collector/app/gone.h"\n')
        self.assertEqual(self.problems(),
                         ['collector/app/a.cc:1: "collector/app/gone.h" does not exist'])


class Words(Tree):
    def problems(self):
        return words.problems(self.root)

    def test_ordinary_source_is_accepted(self):
        self.put("collector/model/a.h", "#pragma once\n\nint one();\n")
        self.put("README.md", "Plain text.\n")
        self.assertEqual(self.problems(), [])

    def test_each_rule_finds_its_case(self):
        cases = {
            "int a;  // TODO finish\n": "unfinished work: finish it or file an issue",
            'auto p = "/work/main/x";\n': "a path of one machine",
            "int a; \n": "white space at the end of the line",
            "\tint a;\n": "a tab",
            "<<<<<<< HEAD\n": "a merge conflict",
            "TEST(A, DISABLED_B) {}\n": "a test that is switched off",
        }
        for text, why in cases.items():
            with self.subTest(why):
                self.put("collector/model/a.cc", text)
                self.assertEqual(self.problems(), [f"collector/model/a.cc:1: {why}"])

    def test_include_guard_and_missing_pragma_are_refused(self):
        self.put("collector/model/a.h", "#ifndef A_H\n")
        self.assertEqual(self.problems(),
                         ["collector/model/a.h:1: an include guard; use #pragma once",
                          "collector/model/a.h: no #pragma once"])

    def test_file_as_a_whole_is_looked_at(self):
        cases = {
            "collector/model/Name.cc": (b"int a;\n", "file names are snake_case"),
            "collector/model/a.cc": (b"int a;", "no newline at the end"),
            "collector/model/b.cc": (b"int a;\r\n", "carriage returns"),
            "collector/model/c.cc": (b"\xff\n", "not UTF-8"),
        }
        for name, (text, why) in cases.items():
            with self.subTest(why):
                self.put(name, text)
                self.assertIn(f"{name}: {why}", self.problems())

    def test_folder_named_for_nothing_is_refused(self):
        self.put("collector/utils/a.cc", "\n")
        self.assertEqual(self.problems(), ["collector/utils/a.cc: a folder is named for what it is "
                                           "about, not 'utils'"])


class Links(Tree):
    def test_link_to_nothing_is_found(self):
        self.put("docs/a.md", "[b](b.md#part) [web](https://example.net/x)\n")
        self.put("docs/b.md", "`[x](y.md)`\n```\n[x](y.md)\n```\n[gone](c.md)\n")
        self.assertEqual(links.problems(self.root), ["docs/b.md:5: no such file: c.md"])


class HeadersAlone(Tree):
    def test_header_that_lacks_an_include_is_found(self):
        self.put("collector/model/whole.h", "#pragma once\n#include <vector>\n"
                                            "std::vector<int> list();\n")
        self.put("collector/model/lacking.h", "#pragma once\nstd::vector<int> list();\n")
        self.assertEqual(list(headers_alone.problems(self.root, 1)), ["collector/model/lacking.h"])


class PythonSources(Tree):
    def test_source_that_does_not_compile_is_found(self):
        self.put("scripts/good", "#!/usr/bin/env python3\nprint(1)\n")
        self.put("tests/bad.py", "def f(:\n")
        count, found = python_sources.problems(self.root)
        self.assertEqual(count, 2)
        self.assertEqual([text.split(":")[0] for text in found], ["tests/bad.py"])


if __name__ == "__main__":
    unittest.main()

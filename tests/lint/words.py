#!/usr/bin/env python3
"""Fails on words, characters and paths that do not belong into a source of this tree.

    words.py [ROOT]
"""
import pathlib
import re
import sys

TEXT = {".h", ".cc", ".py", ".md", ".cmake", ".txt", ".yaml", ".yml", ".json", ".service", ".csv",
        ".sh", ".proto", ""}
CODE = {".h", ".cc", ".cmake", ".py", ".sh", ""}
SKIPPED_PARTS = {".git", "build", "__pycache__", "seeds", "data", "corpus"}
# This file and its test spell out what they forbid.
EXEMPT = {"tests/lint/words.py", "tests/lint/lint_self_test.py"}

RULES = (
    (TEXT, re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "unfinished work: finish it or file an issue"),
    (TEXT, re.compile(r"(?<![\w.])/(work|home|Users)/\w"), "a path of one machine"),
    (TEXT, re.compile(r"[ \t]+$"), "white space at the end of the line"),
    (TEXT - {".csv"}, re.compile(r"\t"), "a tab"),
    (TEXT, re.compile(r"^(<<<<<<<|=======|>>>>>>>)( |$)"), "a merge conflict"),
    ({".h", ".cc"}, re.compile(r"\b(DISABLED_\w+|GTEST_SKIP)\b"), "a test that is switched off"),
    ({".h", ".cc"}, re.compile(r"^\s*#\s*ifndef\s+\w+_H_?\b"), "an include guard; use #pragma once"),
    ({".h"}, re.compile(r"^\s*using namespace\b"), "a using directive in a header"),
)
FORBIDDEN_FOLDERS = {"utils", "util", "common", "helpers", "misc"}


def line_problems(name, suffix, text):
    for number, line in enumerate(text.split("\n"), 1):
        for suffixes, pattern, why in RULES:
            if suffix in suffixes and pattern.search(line):
                yield f"{name}:{number}: {why}"


def problems_of(root, path):
    name = path.relative_to(root).as_posix()
    raw = path.read_bytes()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        yield f"{name}: not UTF-8"
        return
    if "\r" in text:
        yield f"{name}: carriage returns"
    if text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"
    # Makefiles and patches alone need tabs; there are none of ours.
    yield from line_problems(name, path.suffix, text)
    if path.suffix in (".h", ".cc") and not re.fullmatch(r"[a-z0-9_]+", path.stem):
        yield f"{name}: file names are snake_case"
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{name}: no #pragma once"
    forbidden = FORBIDDEN_FOLDERS & set(path.relative_to(root).parts[:-1])
    if forbidden and name.split("/")[0] in ("collector", "exporters"):
        yield f"{name}: a folder is named for what it is about, not '{forbidden.pop()}'"


def files(root):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not SKIPPED_PARTS & set(relative.parts) and path.suffix in TEXT \
                and relative.as_posix() not in EXEMPT and path.name not in ("LICENSE",):
            yield path


def problems(root):
    return [problem for path in files(root) for problem in problems_of(root, path)]


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parents[2]).resolve()
    found = problems(root)
    print("\n".join(found + [f"words: {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

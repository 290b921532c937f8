#!/usr/bin/env python3
"""Rules of Prometheus: promtool takes them, every alert has a case that fires it, one that keeps it
quiet, and a runbook of its name; every recording rule has a value."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "dashboards/rules"
TESTS = sorted((RULES / "tests").glob("*.test.yaml"))


def names(kind):
    return [name for file in sorted(RULES.glob("*.yaml"))
            for name in re.findall(rf"^\s+- {kind}: (\S+)$", file.read_text(), re.MULTILINE)]


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)


class Rules(unittest.TestCase):
    def test_promtool_takes_them(self):
        files = sorted(RULES.glob("*.yaml"))
        self.assertTrue(files)
        result = promtool("check", "rules", "--lint-fatal", *files)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_unit_tests_pass(self):
        self.assertTrue(TESTS)
        for file in TESTS:
            with self.subTest(file.name):
                result = promtool("test", "rules", file)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_each_alert_has_a_case_that_fires_and_one_that_is_quiet(self):
        cases = "\n".join(file.read_text() for file in TESTS)
        alerts = names("alert")
        self.assertEqual(len(alerts), len(set(alerts)))
        for alert in alerts:
            with self.subTest(alert):
                said = re.findall(rf"alertname: {alert}\n\s+exp_alerts:(.*)", cases)
                self.assertIn("", said, "no case fires it")
                self.assertIn(" []", said, "no case keeps it quiet")

    def test_each_recording_rule_has_a_value(self):
        cases = "\n".join(file.read_text() for file in TESTS)
        for record in names("record"):
            with self.subTest(record):
                self.assertRegex(cases, rf"expr: (round\()?{re.escape(record)}\b")

    def test_each_alert_has_a_runbook_and_each_runbook_an_alert(self):
        headings = re.findall(r"^### (Weir\w+)$", (ROOT / "docs/runbooks.md").read_text(), re.MULTILINE)
        self.assertEqual(sorted(headings), sorted(names("alert")))
        text = (RULES / "weir.alerts.yaml").read_text()
        links = re.findall(r"runbook_url: docs/runbooks.md#(\S+)$", text, re.MULTILINE)
        self.assertEqual(links, [name.lower() for name in names("alert")])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))

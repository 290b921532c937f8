#!/usr/bin/env python3
"""Boards for Grafana: generated from their source, free of dashboard-linter's faults, and naming only
metrics and labels that docs/metrics.md promises."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import board_queries as boards

UNITS = {"short", "bps", "Bps", "decbytes", "pps", "cps", "rps", "percentunit", "s", "none"}
SELECTOR = re.compile(r"\b([a-z_]+)\{([^}]*)\}")


class Boards(unittest.TestCase):
    def each(self):
        self.assertGreaterEqual(len(boards.BOARDS), 5)
        for path in boards.BOARDS:
            with self.subTest(path.name):
                yield boards.load(path)

    def test_are_as_their_source_says(self):
        source = boards.ROOT / "dashboards/source/generate.py"
        result = subprocess.run([sys.executable, "-B", source, "--check"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_have_the_variables_that_choose_where_figures_come_from(self):
        for board in self.each():
            self.assertGreaterEqual(board["schemaVersion"], 39)
            self.assertFalse(board["editable"])
            known = {each["name"]: each for each in board["templating"]["list"]}
            self.assertEqual(known["datasource"]["type"], "datasource")
            self.assertEqual(known["datasource"]["label"], "Data Source")
            for name in ("job", "instance"):
                self.assertTrue(known[name]["multi"])
                self.assertEqual(known[name]["allValue"], ".+")
                self.assertEqual(known[name]["refresh"], 2)
                self.assertEqual(known[name]["datasource"]["uid"], "${datasource}")

    def test_use_only_variables_that_they_have(self):
        for board in self.each():
            known = {each["name"] for each in board["templating"]["list"]} | {"__rate_interval"}
            for where, expr in boards.expressions(board):
                self.assertLessEqual(set(re.findall(r"\$(\w+)", expr)), known, where)

    def test_panels_say_what_they_show(self):
        for board in self.each():
            self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
            for panel in boards.panels(board):
                title = panel["title"]
                self.assertTrue(title)
                self.assertTrue(panel["description"].endswith("."), title)
                self.assertTrue(panel["targets"], title)
                self.assertTrue(panel["fieldConfig"]["defaults"]["thresholds"]["steps"], title)
                used = {panel["fieldConfig"]["defaults"]["unit"]} | {
                    each["value"] for override in panel["fieldConfig"]["overrides"]
                    for each in override["properties"] if each["id"] == "unit"}
                self.assertLessEqual(used, UNITS, title)

    def test_panels_lie_inside_the_grid_and_on_no_other(self):
        for board in self.each():
            taken = set()
            for panel in board["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(cells & taken, panel["title"])
                taken |= cells

    def test_every_selector_keeps_to_the_job_and_instance_chosen(self):
        for board in self.each():
            for where, expr in boards.expressions(board):
                for metric, selectors in SELECTOR.findall(expr):
                    self.assertIn('job=~"$job", instance=~"$instance"', selectors, f"{where}: {metric}")
                bare = [name for name in boards.METRIC.findall(re.sub(r"\{[^}]*\}", "{}", expr))
                        if f"{name}{{" not in expr]
                self.assertEqual(bare, [], where)

    def test_counters_are_never_bare(self):
        kinds = boards.documented()
        for board in self.each():
            for where, expr in boards.expressions(board):
                for name in boards.METRIC.findall(expr):
                    if kinds.get(name, ("",))[0] == "counter":
                        self.assertRegex(expr, rf"rate\({name}\{{[^}}]*\}}\[\$__rate_interval\]\)", where)

    def test_name_only_metrics_and_labels_that_are_documented(self):
        known = boards.documented()
        for board in self.each():
            for where, expr in boards.expressions(board):
                self.assertLessEqual(set(boards.METRIC.findall(expr)), set(known), where)
                for metric, selectors in SELECTOR.findall(expr):
                    if metric in known:
                        asked = set(re.findall(r"(\w+)\s*(?:=~|!=|=|!~)", selectors)) - {"job", "instance"}
                        self.assertLessEqual(asked, known[metric][1], f"{where}: {metric}")

    def test_the_sales_board_shows_no_address_and_no_router(self):
        text = (boards.ROOT / "dashboards/grafana/sales.json").read_text()
        self.assertNotRegex(text, r"weir_(exporter|interface|bytes)_|\baddress\b")

    def test_prometheus_reads_every_query(self):
        rules, number = "groups:\n- name: boards\n  rules:\n", 0
        for board in self.each():
            for _, expr in boards.expressions(board):
                text = boards.substituted(expr).replace("'", "''")
                rules += f"  - {{record: 'board:query:{number}', expr: '{text}'}}\n"
                number += 1
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "queries.yaml"
            file.write_text(rules)
            result = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()

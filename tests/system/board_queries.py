"""The boards in dashboards/grafana as tests read them: panels, queries, metrics and labels named."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARDS = sorted((ROOT / "dashboards/grafana").glob("*.json"))
METRIC = re.compile(r"\b(?:weir|process)_[a-z0-9_]+\b")


def load(path):
    return json.loads(path.read_text())


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions(board):
    """Every PromQL expression of a board with where it stands."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for note in board["annotations"]["list"]:
        yield f"annotation {note['name']}", note["expr"]


def substituted(expr, contract=".+"):
    """The expression as Grafana would send it, all of everything chosen."""
    expr = expr.replace("$__rate_interval", "1m").replace("$contract", contract)
    return re.sub(r"\$\w+", ".+", expr)


def documented():
    """Metrics of docs/metrics.md with their types and labels."""
    found = {}
    for line in (ROOT / "docs/metrics.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 4 and re.fullmatch(r"`\w+`", cells[1]):
            labels = set(re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", cells[3])))
            if "customer" in cells[3]:
                labels.add("customer")
            found[cells[1].strip("`")] = (cells[2], labels)
    return found

#!/usr/bin/env python3
"""Asks a real Prometheus every query of every board.

    dashboards_live_test.py WEIR

`weir serve` runs the example backbone, `weir generate` plays its routers, and Prometheus scrapes it
with the rules of the tree. After a closed minute each query must be answered, with data unless
dashboards_may_be_empty.txt says why not. Standard library only; traffic stays on 127.0.0.0/8.
"""

import re
import sys
from pathlib import Path

import board_queries as boards
from demo_stack import DemoStack, ask

AFTER_CLOSING_S = 20  # scrapes, and rules on top of them


def may_be_empty():
    lines = (Path(__file__).parent / "dashboards_may_be_empty.txt").read_text().splitlines()
    return {line.rsplit(": ", 1)[0] for line in lines if line and not line.startswith("#")}


def busiest_contract(prometheus):
    """Of those with a ceiling, as Grafana writes it into a pattern."""
    found = ask(prometheus, "topk(1, sum by (contract) (weir_contract_bytes_total) "
                "and on (contract) weir_contract_ceiling_bytes_per_second)")
    if isinstance(found, str) or not found:
        raise RuntimeError(f"no contract has traffic and a ceiling: {found}")
    return re.escape(found[0]["metric"]["contract"]).replace("\\", "\\\\")


def problems(prometheus):
    excused, bad, asked, empty = may_be_empty(), [], 0, []
    contract = busiest_contract(prometheus)
    for path in boards.BOARDS:
        board = boards.load(path)
        for panel in boards.panels(board):
            for target in panel["targets"]:
                answer = ask(prometheus, boards.substituted(target["expr"], contract))
                asked += 1
                name = f"{path.stem}: {panel['title']}"
                if isinstance(answer, str):
                    bad.append(f"{name}: {answer}")
                    continue
                column = f"{name} / {target['legendFormat']}"
                if not answer:
                    empty.append(column)
                    if name not in excused and column not in excused:
                        missing = [each for each in boards.METRIC.findall(target["expr"])
                                   if ask(prometheus, each) == []]
                        bad.append(f"{column}: no data (no series of: {', '.join(missing) or 'none'})")
        for note in board["annotations"]["list"]:
            asked += 1
            answer = ask(prometheus, boards.substituted(note["expr"], contract))
            if isinstance(answer, str):
                bad.append(f"{path.stem}: annotation {note['name']}: {answer}")
    return bad, asked, empty


def main():
    try:
        with DemoStack(sys.argv[1]) as demo:
            demo.wait_for_a_closed_minute(AFTER_CLOSING_S)
            bad, asked, empty = problems(demo.prometheus)
    except RuntimeError as error:
        print(f"dashboards_live: {error}")
        return 1
    for each in bad:
        print(f"  {each}")
    print(f"dashboards_live: {asked} queries, {len(empty)} without data, {len(bad)} problems")
    return 1 if bad or not asked else 0


if __name__ == "__main__":
    sys.exit(main())

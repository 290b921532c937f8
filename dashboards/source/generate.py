#!/usr/bin/env python3
"""Writes dashboards/grafana/*.json from boards.py; `--check` compares instead, and fails on a difference."""

import json
import sys
from pathlib import Path

import boards

TARGET = Path(__file__).resolve().parents[1] / "grafana"


def texts():
    return {f"{name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            for name, content in boards.every_board().items()}


def main():
    wanted = texts()
    if sys.argv[1:] == ["--check"]:
        kept = {path.name: path.read_text() for path in TARGET.glob("*.json")}
        stale = sorted(name for name in wanted.keys() | kept.keys() if wanted.get(name) != kept.get(name))
        if stale:
            print(f"not as the source says: {', '.join(stale)}; run {Path(__file__).name}", file=sys.stderr)
        return 1 if stale else 0
    TARGET.mkdir(exist_ok=True)
    for path in TARGET.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

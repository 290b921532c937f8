#!/usr/bin/env python3
"""Draws the boards over the running demo.

    render.py WEIR

What `run` calls once the page is built: starts the stack that the live test of the boards starts too,
lets it run for a while, and has render.mjs draw and judge. Standard library only.
"""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from demo_stack import DemoStack  # noqa: E402

AFTER_CLOSING_S = 70  # a second closed minute, so that graphs have lines
DRAWING_S = 150
SHOWN = "now-5m"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # `run` bounds the time; the stack stops all the same
    out = ROOT / "build/grafana"
    for picture in out.glob("*.png"):
        picture.unlink()
    try:
        with DemoStack(sys.argv[1]) as demo:
            demo.wait_for_a_closed_minute(AFTER_CLOSING_S)
            return subprocess.run(
                ["node", out / "npm/render.mjs", "--page", out / "page", "--boards", ROOT / "dashboards/grafana",
                 "--into", out, "--prometheus", demo.prometheus, "--scrape", "2", "--from", SHOWN,
                 "--excused", ROOT / "tests/system/dashboards_may_be_empty.txt"], timeout=DRAWING_S).returncode
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"grafana: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())

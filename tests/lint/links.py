#!/usr/bin/env python3
"""Fails on a link in a Markdown page that leads to no file of this tree.

    links.py [ROOT]
"""
import pathlib
import re
import sys

SKIPPED_PARTS = {".git", "build"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```")


def problems_of(root, path):
    name = path.relative_to(root).as_posix()
    fenced = False
    for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
        if FENCE.match(line):
            fenced = not fenced
        if fenced:
            continue
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            target = target.split("#")[0]
            if target and not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                yield f"{name}:{number}: no such file: {target}"


def problems(root):
    return [problem for path in sorted(root.rglob("*.md"))
            if not SKIPPED_PARTS & set(path.relative_to(root).parts)
            for problem in problems_of(root, path)]


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parents[2]).resolve()
    found = problems(root)
    print("\n".join(found + [f"links: {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

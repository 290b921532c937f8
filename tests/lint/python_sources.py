#!/usr/bin/env python3
"""Compiles every Python source of the tree without running it.

    python_sources.py [ROOT]
"""
import pathlib
import sys

SKIPPED_PARTS = {".git", "build", "__pycache__"}


def is_python(path):
    if path.suffix == ".py":
        return True
    if path.suffix:
        return False
    with path.open("rb") as file:
        first = file.readline(200)
    return first.startswith(b"#!") and b"python" in first


def problems(root):
    """How many sources there are, and what is wrong with them."""
    count, found = 0, []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if SKIPPED_PARTS & set(relative.parts) or not path.is_file() or not is_python(path):
            continue
        count += 1
        try:
            compile(path.read_bytes(), str(relative), "exec")
        except (SyntaxError, ValueError) as error:
            found.append(f"{relative.as_posix()}: {error}")
    return count, found


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parents[2]).resolve()
    count, found = problems(root)
    print("\n".join(found + [f"python_sources: {count} sources, {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Compiles each header alone, so that none depends on what stands before it.

    headers_alone.py [--jobs N] [--root ROOT]

What was compiled is remembered in build/headers by the contents of all headers, so that an
unchanged tree is quick.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys

FOLDERS = ("collector", "exporters", "tests", "bench")


def headers(root):
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.h"))]


def compile_alone(root, header):
    """The compiler's complaint, or an empty string."""
    run = subprocess.run(
        ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
         "-I", str(root), "-x", "c++", "-"],
        input=f'#include "{header.relative_to(root).as_posix()}"\n',
        capture_output=True, text=True)
    return run.stderr if run.returncode else ""


def problems(root, jobs):
    """What is wrong, by header."""
    found = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        todo = headers(root)
        for header, text in zip(todo, pool.map(lambda h: compile_alone(root, h), todo)):
            if text:
                found[header.relative_to(root).as_posix()] = text
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[2])
    arguments = parser.parse_args()
    root = arguments.root.resolve()

    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for header in headers(root):
        digest.update(header.relative_to(root).as_posix().encode() + b"\0" + header.read_bytes())
    mark = root / "build/headers" / digest.hexdigest()
    if mark.exists():
        print(f"headers_alone: {len(headers(root))} headers, unchanged since they compiled alone")
        return 0

    found = problems(root, arguments.jobs)
    for header, text in found.items():
        print(f"headers_alone: {header} does not compile alone\n{text.rstrip()}")
    print(f"headers_alone: {len(headers(root))} headers, {len(found)} problems")
    if found:
        return 1
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Reads the includes of the tree and fails on an arrow that points up.

    include_direction.py [ROOT]

The layers are those of docs/architecture.md. Every include in quotes names a file of this
tree by its path from the root.
"""
import pathlib
import re
import sys

MODEL = "collector/model"
WIRE = "collector/wire"
ACCOUNTING = "collector/accounting"
CONTRACTS = "collector/contracts"
CORE = "collector/core"
BILLING = "collector/billing"
INGEST = "collector/ingest"
CONFIG = "collector/config"
GENERATOR = "collector/generator"
PIPELINE = "collector/pipeline"
APP = "collector/app"
EVERYTHING = None
PROTO = "proto"

_OUTPUT = {MODEL, CONTRACTS, CORE, BILLING, PROTO}

# What the files of a folder may include, besides their own folder.
LAYERS = {
    MODEL: set(),
    WIRE: {MODEL},
    ACCOUNTING: {MODEL},
    CONTRACTS: {MODEL},
    CORE: {MODEL},
    INGEST: {MODEL},
    GENERATOR: {MODEL},
    BILLING: {CONTRACTS, MODEL},
    CONFIG: {CONTRACTS, MODEL},
    PIPELINE: {CONFIG, INGEST, CORE, BILLING, CONTRACTS, ACCOUNTING, WIRE, MODEL},
    PROTO: {CORE, MODEL},
    "exporters/prometheus": _OUTPUT,
    "exporters/remote_write": _OUTPUT,
    "exporters/kafka": _OUTPUT,
    "exporters/ledger": _OUTPUT,
    "exporters/http": _OUTPUT,
    APP: EVERYTHING,
}
# Whose includes are not held to a layer, only to paths from the root.
FREE = ("tests", "bench")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
OWN_TOP = ("collector/", "exporters/", "tests/", "bench/", "proto/")


def folder_of(path):
    """The layer that a path from the root belongs to: its first two parts."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def problems_of(root, path):
    name = path.relative_to(root).as_posix()
    layer = folder_of(name)
    free = name.split("/")[0] in FREE
    if not free and layer not in LAYERS:
        yield f"{name}: {layer} is not a layer; name it in tests/lint/include_direction.py"
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, target = match.groups()
        where = f"{name}:{number}"
        if kind == "<":
            if target.startswith(OWN_TOP):
                yield f'{where}: <{target}> is ours; write "{target}"'
            continue
        if not target.startswith(OWN_TOP):
            yield f'{where}: "{target}" is not a path from the root'
            continue
        # Generated headers stand in the build tree by the path of their `.in` file.
        if not any((root / f"{target}{suffix}").is_file() for suffix in ("", ".in")) \
                and not re.fullmatch(r"proto/\w+\.pb\.h", target):
            yield f'{where}: "{target}" does not exist'
            continue
        if free:
            continue
        if target.split("/")[0] in FREE:
            yield f'{where}: "{target}" is test code'
            continue
        to = folder_of(target)
        to = "proto" if to.startswith("proto") else to
        allowed = LAYERS[layer]
        if to != layer and allowed is not EVERYTHING and to not in allowed:
            yield f'{where}: {layer} may not include {to} ("{target}")'


def sources(root):
    for top in ("collector", "exporters", PROTO, *FREE):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cc") and path.is_file():
                yield path


def problems(root):
    return [problem for path in sources(root) for problem in problems_of(root, path)]


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parents[2]).resolve()
    found = problems(root)
    print("\n".join(found + [f"include_direction: {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

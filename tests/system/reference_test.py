#!/usr/bin/env python3
"""Compares `weir decode` with the second decoder of tests/reference, record by record.

    reference_test.py WEIR

Over the captures of tests/data and of the folder that WEIR_CORPUS names, over generated routers and
over random conversations, legal and with bytes changed. Then plants wrong rules in the reference and
demands that each is noticed. Exit status 0 when all holds. Standard library only.
"""

import os
import pathlib
import random
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "reference"))

from compare import Tally, compare_conversation, compare_routers  # noqa: E402
from weir_reference import comparing, messages, planted  # noqa: E402

SEED = 1
RECORDS_OF_ROUTERS = 15_000
CONVERSATIONS, RECORDS_OF_A_CONVERSATION = 10, 400
PLANTED_SEEDS = range(1, 60)

# Exporters whose sequence numbers follow another rule than RFC 7011, 3.1 show loss that is none, unless
# a decoder finds their rule out by itself: no standard says how.
UNSURE_OF_VENDORS = ("lost",)
# Both refuse what is broken; how many reasons make a datagram count as such is not for a standard to say.
UNSURE_WHEN_BROKEN = ("lost", "malformed")


def compare_folder(weir, folder):
    wrong = 0
    captures = sorted(folder.glob("*/*.pcap*"))
    for path in captures:
        ignored = UNSURE_WHEN_BROKEN if path.parent.name == "malformed" else UNSURE_OF_VENDORS
        problems = comparing.compare_capture(weir, path, () if folder == TESTS / "data" else ignored)
        if problems:
            wrong += 1
            print(f"{path.relative_to(folder)}: {len(problems)} differences", *problems[:4], sep="\n  ")
    print(f"{folder.name}: {len(captures)} captures, {wrong} differ")
    return wrong if captures else 1


def compare_generated(weir):
    tally = Tally()
    compare_routers(weir, SEED, RECORDS_OF_ROUTERS, tally)
    for seed in range(SEED, SEED + CONVERSATIONS):
        compare_conversation(weir, seed, RECORDS_OF_A_CONVERSATION, False, tally)
        compare_conversation(weir, seed, RECORDS_OF_A_CONVERSATION, True, tally)
    print(f"{tally.compared} generated records: {tally.wrong} captures differ")
    return tally.wrong


def unnoticed_faults(weir):
    """A comparison that finds no difference is worth as much as the differences that it would find."""
    missed = 0
    for fault in planted.FAULTS:
        if not any(is_noticed(weir, fault, seed) for seed in PLANTED_SEEDS):
            missed += 1
            print(f"planted and not noticed: {fault[0]}")
    print(f"{len(planted.FAULTS)} planted faults, {missed} not noticed")
    return missed


def is_noticed(weir, fault, seed):
    sent = messages.conversation(random.Random(seed), RECORDS_OF_A_CONVERSATION)
    with planted.planted(fault):
        return bool(comparing.compare_datagrams(weir, sent))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    weir = os.path.abspath(sys.argv[1])
    wrong = compare_folder(weir, TESTS / "data")
    corpus = os.environ.get("WEIR_CORPUS", "")
    if corpus:
        wrong += compare_folder(weir, pathlib.Path(corpus))
    wrong += compare_generated(weir)
    wrong += unnoticed_faults(weir)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

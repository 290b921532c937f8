#!/usr/bin/env python3
"""Compares `weir decode` with the reference decoder.

    compare.py WEIR [--records N] [--seed N]
    compare.py WEIR --capture CAPTURE...

Without captures: generated routers, then random conversations, legal and with bytes changed, until
about N flow records (1,000,000) have been compared; seeds count up from --seed (1). Where the
decoders differ, the smallest part that still differs is printed, and the exit status is 1.
"""

import argparse
import pathlib
import random
import sys
import tempfile
import time

from weir_reference import comparing, messages, routers

IN_A_CONVERSATION = 2_000
IN_A_CAPTURE = 40_000
# A change of bytes may change how many units a message holds: both then lose their place, each its own way.
# And how many reasons make a datagram count as broken is not for a standard to say.
UNSURE_WHEN_MUTATED = ("lost", "malformed")


class Tally:
    def __init__(self):
        self.compared, self.wrong = 0, 0

    def add(self, title, records, sent, problems, weir, ignored):
        self.compared += records
        if problems:
            self.wrong += 1
            print(f"{title}: {len(problems)} differences")
            print(comparing.report(weir, sent, ignored), flush=True)


def compare_conversation(weir, seed, records, is_mutated, tally):
    """One conversation of random datagrams, named by its seed."""
    chance = random.Random(seed)
    sent, ignored = messages.conversation(chance, records), ()
    if is_mutated:
        sent, ignored = messages.mutated(chance, sent), UNSURE_WHEN_MUTATED
    title = f"{'mutated' if is_mutated else 'random'} conversation, seed {seed}"
    tally.add(title, records, sent, comparing.compare_datagrams(weir, sent, ignored), weir, ignored)


def compare_routers(weir, seed, records, tally):
    with tempfile.TemporaryDirectory() as folder:
        capture = routers.generate(weir, pathlib.Path(folder), seed, records)
        problems = comparing.compare_capture(weir, capture)
        decoded = comparing.reference_decoded(capture)[1]
        sent = comparing.sent_in(capture) if problems else []
        tally.add(f"generated routers, seed {seed}", sum(decoded.flows.values()) + sum(decoded.samples.values()), sent,
                  problems, weir, ())


def compare_generated(weir, seed, records):
    """Half from generated routers, a third random and legal, a sixth with bytes changed."""
    tally, started = Tally(), time.monotonic()
    first = seed
    while tally.compared < records / 2:
        compare_routers(weir, seed, min(records, IN_A_CAPTURE), tally)
        seed += 1
    while tally.compared < records:
        size = min(records, IN_A_CONVERSATION)
        compare_conversation(weir, seed, size, False, tally)
        compare_conversation(weir, seed + 1, size, False, tally)
        compare_conversation(weir, seed, size, True, tally)
        seed += 2
    print(f"{tally.compared} records of seeds {first} to {seed - 1} in {time.monotonic() - started:.0f} s: "
          f"{tally.wrong} captures differ")
    return tally.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weir")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--capture", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    if not arguments.capture:
        return 1 if compare_generated(arguments.weir, arguments.seed, arguments.records) else 0
    wrong = 0
    for path in arguments.capture:
        problems = comparing.compare_capture(arguments.weir, path)
        if problems:
            wrong += 1
            print(f"{path}: {len(problems)} differences", *problems[:comparing.MOST_SHOWN], sep="\n  ")
            print(comparing.report(arguments.weir, comparing.sent_in(path)))
    print(f"{len(arguments.capture)} captures, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

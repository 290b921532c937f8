#!/usr/bin/env python3
"""A month is closed, masked, corrected and trimmed, from outside.

    closing_test.py WEIR SOURCE_FOLDER

Generated traffic is replayed into a ledger, and the month is closed. From then on its bills stand, byte
for byte, whatever is masked or deleted; `weir correct` alone changes one, and the old one stays. A
shell of the database itself reads the same figures. Standard library and sqlite3.
"""

import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

START = "2024-06-05T03:00:00Z"
MONTH = "2024-06"


def run(*command, code=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240)
    if done.returncode != code:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode} instead of {code}: {done.stderr[-500:]}")
    return done.stdout if code == 0 else done.stderr


def need(holds, what):
    if not holds:
        raise SystemExit(f"WRONG: {what}")


class Weir:
    """The program with one configuration."""

    def __init__(self, program, config):
        self.program, self.config = program, config

    def __call__(self, command, *arguments, code=0):
        return run(self.program, command, "--config", self.config, *arguments, code=code)

    def bills(self):
        return {one["contract"]: one for one in
                json.loads(self("report", "--month", MONTH, "--format", "json"))["contracts"]}

    def revisions(self, contract):
        return json.loads(self("report", "--month", MONTH, "--contract", contract, "--revisions",
                               "--format", "json"))["revisions"]


def stored(ledger, month=202406):
    """(contract, revision) -> the figures, by sqlite3 itself."""
    with sqlite3.connect(ledger) as database:
        need(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check")
        rows = database.execute(
            "SELECT c.name, s.revision, s.billable, s.overage, s.percentile, s.measured, s.expected, s.masked, "
            "s.previous_billable, s.author FROM closed_statement s JOIN contract c ON c.number = s.contract "
            "WHERE s.month = ?", (month,)).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def check_closing(weir, ledger):
    """Closes the month; gives its bills."""
    before = weir.bills()
    need(not any(one["closed"] for one in before.values()), "bills are closed before `weir close`")
    listed = weir("close", "--dry-run").splitlines()
    need(len(listed) == len(before) and all(line.startswith("would close ") for line in listed), f"dry run: {listed[:3]}")
    need(not stored(ledger), "the dry run has stored something")
    need(len(weir("close", "--author", "billing").splitlines()) == len(before), "not every bill was closed")
    image = ledger.read_bytes()
    need("nothing to close" in weir("close"), "closing twice closes twice")
    need(ledger.read_bytes() == image, "closing twice changed the ledger")
    bills, rows = weir.bills(), stored(ledger)
    need(rows.keys() == {(name, 1) for name in before}, "stored bills")
    for name, one in bills.items():
        need(one["closed"] and one["revision"] == 1 and one["author"] == "billing", f"{name}: {one}")
        for figure in ("billable_bits_per_second", "overage_bits_per_second", "percentile_bits_per_second",
                       "intervals_measured", "from_customer", "to_customer"):
            need(one[figure] == before[name][figure], f"{name}: {figure} changed by closing")
        need("recomputed_billable_bits_per_second" not in one, f"{name}: {one}")
        need(rows[name, 1] == (one["billable_bits_per_second"], one["overage_bits_per_second"],
                               one["percentile_bits_per_second"], one["intervals_measured"],
                               one["intervals_expected"], 0, None, "billing"), f"{name}: {rows[name, 1]}")
    return bills


def check_mask_and_correction(weir, ledger, bills):
    """Masks the first interval of the contract with the largest overage, and corrects its bill."""
    name = max(bills, key=lambda one: bills[one]["from_customer"]["bytes"] if bills[one]["from_customer"] else 0)
    said = weir("mask", "--contract", name, "--from", START, "--until", "2024-06-05T03:05:00Z", "--author", "noc",
                "--reason", "tests of the line")
    need(f"only through `weir correct {name} --month {MONTH}`" in said, f"mask: {said}")
    after = weir.bills()
    recomputed = after[name].pop("recomputed_billable_bits_per_second", None)
    need(after == bills, "a mask changed a closed bill")
    done = weir("correct", name, "--month", MONTH, "--author", "A. Sato", "--reason", "ticket 4711")
    need("revision 2" in done, f"correct: {done}")
    need("nothing to correct" in weir("correct", name, "--month", MONTH, "--author", "A. Sato", "--reason", "again"),
         "a correction without a difference")
    one = weir.bills()[name]
    need(one["revision"] == 2 and one["intervals_masked"] == 1 and one["reason"] == "ticket 4711", f"corrected: {one}")
    need(recomputed in (None, one["billable_bits_per_second"]), "the correction is not what was foretold")
    weir("correct", name, "--month", MONTH, "--author", "A. Sato", "--reason", "agreed", "--billable", "1.5G")
    revisions, rows = weir.revisions(name), stored(ledger)
    need([row["revision"] for row in revisions] == [1, 2, 3], f"revisions: {revisions}")
    need(revisions[0]["billable_bits_per_second"] == bills[name]["billable_bits_per_second"], "the first revision changed")
    need(revisions[2]["billable_bits_per_second"] == 1_500_000_000
         and revisions[2]["previous_billable_bits_per_second"] == revisions[1]["billable_bits_per_second"],
         f"agreed rate: {revisions[2]}")
    need([rows[name, row["revision"]][0] for row in revisions] == [row["billable_bits_per_second"] for row in revisions],
         "sqlite3 reads other figures")
    need("agreed" in weir("report", "--month", MONTH, "--contract", name, "--revisions"), "revisions as text")
    return name


def check_terms(weir, contracts, bills):
    """An edit of the contracts file does not reach the closed month."""
    text = contracts.read_text()
    contracts.write_text(re.sub(r"(?m)(committed:\s*)\S+?([,}\s])", r"\g<1>1M\2", text))
    for name, one in weir.bills().items():
        need(one["committed_bits_per_second"] == bills[name]["committed_bits_per_second"], f"{name}: {one}")
    contracts.write_text(text)


def check_retention(weir, ledger):
    """Rows that are deleted take no bill with them."""
    before = weir.bills()
    with sqlite3.connect(ledger) as database:
        for table in ("contract_interval", "coverage", "reception", "contract_day", "day"):
            database.execute(f"DELETE FROM {table}")
    after = weir.bills()
    for name, one in after.items():
        before[name].pop("recomputed_billable_bits_per_second", None)
        one.pop("recomputed_billable_bits_per_second", None)
        need(one == before[name], f"{name}: {one}")


def check_errors(weir, name):
    asked = ("--month", MONTH, "--author", "x", "--reason", "y")
    need("not closed" in weir("correct", name, "--month", "2024-05", "--author", "x", "--reason", "y", code=2), "open month")
    need("not closed" in weir("correct", "nobody", *asked, code=2), "unknown contract")
    need("--reason" in weir("correct", name, "--month", MONTH, "--author", "x", "--reason", "", code=2), "no reason")
    weir("correct", name, *asked, "--billable", "much", code=2)
    weir("close", "--contract", "nobody", code=2)
    weir("close", "--month", "2024-13", code=2)
    weir("report", "--month", MONTH, "--revisions", "--format", "html", code=2)


def main():
    program, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    example = source / "examples/backbone"
    with tempfile.TemporaryDirectory(prefix="weir-closing-") as name:
        folder = pathlib.Path(name)
        capture, ledger, config = folder / "backbone.pcap", folder / "weir.db", folder / "weir.yaml"
        contracts = folder / "contracts.yaml"
        contracts.write_text((example / "contracts.yaml").read_text())
        run(program, "generate", example / "scenario.yaml", "--pcap", capture, "--truth", folder / "truth.csv", "--duration",
            "16m", "--start", START)
        text = re.sub(r"(?m)^(ledger|contracts):.*\n", "", (example / "weir.yaml").read_text())
        config.write_text(f"{text}\ncontracts: {contracts}\nledger: {{url: \"sqlite:{ledger}\", close_after: 12h}}\n")
        run(program, "replay", "--config", config, "--ledger", ledger, capture)
        weir = Weir(program, config)
        bills = check_closing(weir, ledger)
        name = check_mask_and_correction(weir, ledger, bills)
        check_terms(weir, contracts, bills)
        check_errors(weir, name)
        check_retention(weir, ledger)
        print(f"{len(bills)} closed bills stand through masks, edits and deletion; corrections keep what they replace")


if __name__ == "__main__":
    main()

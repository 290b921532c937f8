#!/usr/bin/env python3
"""Totals of capture files, by the reference decoder.

    decode.py [--records] CAPTURE...

Prints what `weir decode --summary` must print, or with --records one JSON object for each flow record,
flow sample and counter sample.
"""

import argparse
import json
import pathlib

from weir_reference.captures import datagrams
from weir_reference.decoder import decode_all
from weir_reference.summary import summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", action="store_true")
    parser.add_argument("captures", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    result = decode_all(datagram for path in arguments.captures for datagram in datagrams(path.read_bytes()))
    if not arguments.records:
        print(json.dumps(summary(result)))
        return
    for record in result.records + result.samples + result.counters:
        print(json.dumps({name: value for name, value in record.items() if not isinstance(value, bytes)}))


if __name__ == "__main__":
    main()

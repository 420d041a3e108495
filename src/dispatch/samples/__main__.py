"""Prints a day of calls: `python -m dispatch.samples > src/dispatch/samples/alder_bay/calls/day.ndjson`."""

import argparse
import sys
from datetime import date

from dispatch.samples import DEFAULT_SEED, dump_calls, generate_calls, load_roster


def main() -> None:
    """The day asked for is on standard output as NDJSON; without arguments, the day that ships."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.samples", description="Print a day of sample calls.")
    parser.add_argument("--city", default="alder_bay")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--day", type=date.fromisoformat, help="default: the sample day of the city")
    asked = parser.parse_args()
    day = asked.day or load_roster(asked.city).jurisdiction.sample_day
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.write(dump_calls(generate_calls(asked.seed, day, asked.city)))


if __name__ == "__main__":
    main()

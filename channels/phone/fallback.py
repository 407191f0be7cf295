"""Prints the TwiML that answers calls while we can't be reached, to be hosted anywhere else."""

from __future__ import annotations

import argparse
import sys

from channels.phone.twiml import fallback_twiml


def main(arguments: list[str] | None = None) -> None:
    """Write the document for one account to standard output."""
    parser = argparse.ArgumentParser(description="Print the static fallback TwiML of one phone account.")
    parser.add_argument("address", help="https://<your host>/calls/phone/<account>")
    parser.add_argument("--language", default="ar", help="said first; English follows")
    parser.add_argument("--words", help="what is said in that language instead of our apology")
    given = parser.parse_args(arguments)
    address, words = given.address.rstrip("/"), {given.language: given.words} if given.words else None
    sys.stdout.write(fallback_twiml(f"{address}/recorded", f"{address}/recording", given.language, words) + "\n")


if __name__ == "__main__":
    main()

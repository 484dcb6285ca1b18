"""HL7 v2 parsing against a naive splitter: same messages, same process, interleaved rounds of CPU time.

`python -m bench.parse [--json FILE] [--rounds N]` prints messages per second and the ratio to the naive splitter:
`parse` makes the segments, `header` also reads what routing needs, `leaves` reads and unescapes every leaf, which is
what the naive splitter does.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.turns import collect_as_worker, rates
from mappings.hl7v2.parser import Message, parse
from tests.mappings.messages import ADT, oru

Reader = Callable[[str], object]

_ESCAPES = {"F": "|", "S": "^", "R": "~", "T": "&", "E": "\\"}
_ESCAPE = re.compile(r"\\([FSRTE])\\")


def naive(text: str) -> list[Any]:
    """Split everything at once by the usual delimiters and unescape every leaf."""
    return [[_field(field) for field in line.split("|")] for line in text.split("\r") if line]


def _field(field: str) -> list[Any]:
    return [[[_leaf(s) for s in c.split("&")] for c in r.split("^")] for r in field.split("~")]


def _leaf(text: str) -> str:
    return _ESCAPE.sub(lambda m: _ESCAPES[m[1]], text) if "\\" in text else text


def header(text: str) -> list[str]:
    """Parse, then read MSH-9, MSH-10 and the identifiers of PID-3."""
    message = parse(text)
    msh, pid = message.first("MSH"), message.first("PID")
    assert msh is not None and pid is not None
    return [msh.get(9), msh.get(10), *(r.get(1) for r in pid.repetitions(3))]


def leaves(text: str) -> int:
    """Parse, then read every leaf."""
    return _leaves(parse(text))


def _leaves(message: Message) -> int:
    count = 0
    for segment in message.segments:
        for n in range(1, segment.fields_count + 1):
            for repetition in segment.repetitions(n):
                for comp in range(1, len(repetition.components()) + 1):
                    count += len(repetition.subcomponents(comp))
    return count


READERS: dict[str, Reader] = {"naive": naive, "parse": parse, "header": header, "leaves": leaves}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    options.add_argument("--rounds", type=int, default=9)
    given = options.parse_args()
    collect_as_worker()
    result = {
        name: rates(READERS, text, given.rounds, 300) for name, text in {"ADT": ADT, "ORU 25 OBX": oru(25)}.items()
    }
    print(f"{'message':<12}{'reader':<10}{'per second':>12}{'x naive':>10}")
    for message, speeds in result.items():
        for name, speed in speeds.items():
            print(f"{message:<12}{name:<10}{speed:>12,.0f}{speed / speeds['naive']:>10.2f}")
    if given.json:
        given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

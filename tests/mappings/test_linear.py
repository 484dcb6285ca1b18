"""Messages of one segment or one repetition, thousands of times: the time grows with their length, not its square."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mappings.hl7v2.convert import convert

HEADER = "MSH|^~\\&|A|B|||20260101||{}|1|P|2.5\rPID|1||7\r"


def lines(kind: str, line: str) -> Callable[[int], str]:
    return lambda n: HEADER.format(kind) + "\r".join(line.replace("#", str(i)) for i in range(n))


SHAPES: dict[str, Callable[[int], str]] = {
    "identifiers": lambda n: HEADER.format("ADT^A08") + "PID|1||" + "~".join(f"P{i}" for i in range(n)),
    "numbers that were moved": lines("ADT^A08", "PID|1||7~A#"),
    "addresses of one relative": lines("ADT^A01", "NK1|1|a||street #"),
    "results": lines("ORU^R01", "OBX|#|ST|A||x"),
    "specimens, then orders": lambda n: (
        lines("OUL^R22", "SPM|1|#")(n // 4) + "".join(f"\rOBR|1||{i}" for i in range(n // 4))
    ),
    "merges": lines("ADT^A40", "MRG|x#"),
    "a number of digits": lambda n: HEADER.format("SIU^S12") + "SCH|1|2|||||||" + "9" * n + "|MIN|^^^20260101083000",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_eight_times_the_message_takes_nowhere_near_64_times_as_long(shape: str) -> None:
    small = large = float("inf")
    for _ in range(5):
        small = min(small, _seconds(SHAPES[shape](500).encode()))
        large = min(large, _seconds(SHAPES[shape](4000).encode()))
        if large < 24 * small:
            return
    pytest.fail(f"{large / small:.0f} times as long for 8 times the message")


def _seconds(raw: bytes) -> float:
    begin = time.process_time()
    (line,) = convert("x", raw)
    assert line["bundle"]
    return time.process_time() - begin

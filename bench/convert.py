"""HL7 v2 to FHIR against a naive splitter: same messages, same process, interleaved rounds of CPU time.

Patients, visits, orders and results are others in each message, so that nothing gains by a patient who came before.

`python -m bench.convert [--json FILE] [--rounds N]` prints messages per second of one core, with and without the
report, and how many splittings one conversion costs; then the memory left behind by many messages and by a long one.
"""

from __future__ import annotations

import argparse
import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

from bench.parse import naive
from bench.turns import collect_as_worker, rates
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.mappings.messages import HEADER, oru

Work = Callable[[bytes], object]
Round = Callable[[Iterator[bytes]], object]

#: An admission of twelve segments, as long as those of a HIS.
ADT: Final = "\r".join(
    [
        HEADER,
        "EVN|A01|20260105083000|||0148^方^知远",
        "PID|1||00012345^^^^BLH~990122195804120960^^^^SFZH||沈^桂兰||19580412|2|||柳溪镇1号^^云泽县^示例省^990122^CHN^H"
        "||^PRN^PH^^^^0990-5550101~^PRN^CP^^^^0990-5550102|||M|||||||||||||N",
        "PD1|||云泽县人民医院^^F01|0148^方^知远",
        "NK1|1|沈^小兰|DAU^女儿|柳溪镇1号^^云泽县|^^^^^^0990-5550103",
        "NK1|2|林^国栋|SPO^配偶||^^^^^^0990-5550104",
        "PV1|1|I|05^0501^01^F01|R|||0148^方^知远|0152^林^知夏||MED||||1|||0148^方^知远||ZY20260001|||||||||||||||||||||||||"
        "20260105083000",
        "PV2|||^胸闷三日|||||20260105|20260112|5",
        "AL1|1|DA|^青霉素|SV|皮疹|2010",
        "AL1|2|FA|^虾|MO|荨麻疹",
        "DG1|1||I10.x00^高血压^ICD-10|||A",
        "DG1|2||I25.100^冠心病^ICD-10|||A",
    ]
)
#: A document of ten megabytes in one field, and a report of five thousand results.
LONG: Final = {
    "10 MB in a field": f"{oru(1)}\rOBX|2|ED|DOC||^application^pdf^Base64^{'QUJD' * 2_500_000}||||||F",
    "5,000 results": oru(5_000),
}
MESSAGES: Final = {"ADT 12 segments": ADT, "ORU 25 OBX": oru(25)}


def works() -> dict[str, Work]:
    """What is measured, by name; each takes the bytes of a message."""
    ids = keyed_ids(PUBLIC_KEY)
    return {
        "naive": lambda raw: naive(raw.decode()),
        "convert": translator(DEFAULT, "F01", ids, with_report=False),
        "with report": translator(DEFAULT, "F01", ids),
    }


def _in_turn(work: Work) -> Round:
    """The work on the next of many messages."""
    return lambda raws: work(next(raws))


def memory(count: int = 2_000) -> dict[str, float]:
    """MiB kept after `count` different messages; the peak of long ones as a multiple of their length."""
    convert = works()["with report"]
    for n in range(200):
        convert(_numbered(ADT, n))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for n in range(200, 200 + count):
        convert(_numbered(ADT, n))
    kept = (tracemalloc.get_traced_memory()[0] - before) / 2**20
    found = {f"MiB kept by {count} messages": kept}
    for name, text in LONG.items():
        found[f"peak / length, {name}"] = _peak(convert, text.encode()) / len(text)
    tracemalloc.stop()
    return found


def _peak(convert: Work, raw: bytes) -> int:
    """Bytes in use at most while a message is converted, above what was in use before."""
    tracemalloc.reset_peak()
    base = tracemalloc.get_traced_memory()[0]
    convert(raw)
    return tracemalloc.get_traced_memory()[1] - base


def _numbered(text: str, n: int) -> bytes:
    """The message about another patient, visit and order."""
    for number, prefix in (("00012345", ""), ("990122195804120960", "99"), ("ZY20260001", "ZY")):
        text = text.replace(number, f"{prefix}{n:08}")
    return text.replace("1001^", f"{n}^").replace("2001^", f"{n}^").replace(".50|", f".{n}|").encode()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    options.add_argument("--rounds", type=int, default=9)
    given = options.parse_args()
    collect_as_worker()
    ways = {name: _in_turn(work) for name, work in works().items()}
    found = {
        name: rates(ways, cycle([_numbered(text, n) for n in range(20_000)]), given.rounds, 60)
        for name, text in MESSAGES.items()
    }
    print(f"{'message':<18}{'work':<14}{'per second':>12}{'naive splittings':>18}")
    for message, speeds in found.items():
        for name, speed in speeds.items():
            print(f"{message:<18}{name:<14}{speed:>12,.0f}{speeds['naive'] / speed:>18.1f}")
    kept = memory()
    print("  ".join(f"{name}: {value:,.1f}" for name, value in kept.items()))
    if given.json:
        given.json.write_text(json.dumps({**found, "memory": kept}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""End to end: MLLP -> acknowledgement -> indexed record, fsync on, the whole hub on this machine.

Run: python -m bench.mllp [--messages N] [--connections N] [--adt]

Ratios: messages per second against hl7apy's bare parsing of the same messages (the peer that could be reached), and
against fdatasync calls per second of this disk (the limit of a hub that would sync for every message alone).
CPU of each kind of process per message, which other work on the machine hardly moves, is read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence

from bench.cpu import children, cpu_of
from bench.mix import mix
from bench.whole_hub import whole_hub
from connectors.mllp.sender import Sender
from hub.demo.ask import Client
from hub.run.installation import temporary_data


async def measure(count: int, connections: int, *, adt_only: bool) -> dict[str, float]:
    """Send `count` messages over `connections` connections a feed; seconds until acknowledged and until processed."""
    messages = list(mix(count, max(count // 10, 1), 1, adt_only=adt_only))
    with temporary_data() as data:
        async with whole_hub(data) as hub:
            postmaster = await hub.postmaster()
            before = _cpu(hub.pids, postmaster)
            engineer = hub.client("administrator", "F01")
            begun = time.perf_counter()
            seconds = await send(messages, hub.addresses.mllp, connections)
            acknowledged = time.perf_counter() - begun
            states = await drained(engineer)
            processed = time.perf_counter() - begun
            after = _cpu(hub.pids, postmaster)
    seconds.sort()
    return {
        "messages": count,
        "acknowledged_per_s": count / acknowledged,
        "processed_per_s": count / processed,
        "ack_p50_ms": statistics.median(seconds) * 1000,
        "ack_p99_ms": seconds[int(len(seconds) * 0.99)] * 1000,
        "not_done": sum(n for state, n in states.items() if state not in {"done", "warnings"}),
        **{f"cpu_us_{kind}": (after[kind] - before[kind]) / count for kind in sorted(before)},
    }


def _cpu(pids: Mapping[str, int], postmaster: int) -> dict[str, float]:
    """Microseconds spent so far, by kind of process: those of the hub by their names without a number."""
    found = {"postgresql": sum(map(cpu_of, children(postmaster)))}
    for name, pid in pids.items():
        kind = name.rstrip("0123456789-")
        found[kind] = found.get(kind, 0.0) + cpu_of(pid)
    return found


async def send(messages: Sequence[tuple[str, bytes]], ports: Mapping[str, int], connections: int) -> list[float]:
    """Seconds until each of `messages` (feed and bytes) was acknowledged."""
    seconds: list[float] = []

    async def connection(port: int, raws: list[bytes]) -> None:
        async with Sender("127.0.0.1", port) as sender:
            async for answer in sender.send(raws):
                assert answer.code == "AA", answer.line()
                seconds.append(answer.seconds)

    shares = []
    for feed, port in ports.items():
        raws = [raw for name, raw in messages if name == feed]
        shares += [connection(port, raws[i::connections]) for i in range(connections)]
    await asyncio.gather(*shares)
    return seconds


async def drained(engineer: Client) -> dict[str, int]:
    """Wait until nothing is queued; how many messages there are by state."""
    while True:
        summary = await asyncio.to_thread(engineer.get, "api/messages/summary")
        states: dict[str, int] = {}
        for row in summary["messages"]:
            states[row["state"]] = states.get(row["state"], 0) + row["count"]
        if not states.get("queued"):
            return states
        await asyncio.sleep(0.25)  # asking costs the hub, too


def hl7apy_per_second(messages: Sequence[tuple[str, bytes]]) -> float:
    """Messages a second that hl7apy parses, without doing anything with them."""
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.parser import parse_message

    texts = [raw.decode("gbk" if feed == "F01-his" else "utf-8") for feed, raw in messages]
    begun = time.perf_counter()
    for text in texts:
        parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT)
    return len(texts) / (time.perf_counter() - begun)


def syncs_per_second(seconds: float = 1.0) -> float:
    """fdatasync of one page, one after the other, in the temporary folder."""
    with tempfile.TemporaryFile() as file:
        count, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            os.pwrite(file.fileno(), b"\0" * 8192, 0)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - begun)


def main() -> None:
    """Print the figures and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6000)
    parser.add_argument("--connections", type=int, default=8, help="a feed")
    parser.add_argument("--adt", action="store_true", help="ADT alone")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.messages, arguments.connections, adt_only=arguments.adt))
    figures["hl7apy_parses_per_s"] = hl7apy_per_second(list(mix(100, 10, 1, adt_only=arguments.adt)))
    figures["fdatasync_per_s"] = syncs_per_second()
    figures["processed_to_hl7apy"] = figures["processed_per_s"] / figures["hl7apy_parses_per_s"]
    figures["processed_to_fdatasync"] = figures["processed_per_s"] / figures["fdatasync_per_s"]
    for name, value in figures.items():
        print(f"{name:<24} {value:>12.2f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

"""The demo's check: every expectation of `expectations/`, asked over HTTP from a process of its own.

Expectations are held one after another: some act (a patient withdraws a consent), and those below see what came of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.demo.ask import Reply
from hub.demo.measure import measure_report, scores
from hub.demo.stage import Request, Stage, at
from hub.demo.story import data
from hub.fhir.json import dumps
from hub.kernel.errors import HubError
from hub.kernel.types import Json

#: Seconds between two looks at what must come true in time.
_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation: whose story it is of, what it says, whether it holds, and where not, what was seen."""

    story: str
    says: str
    holds: bool
    seen: str = ""


def verdicts(stage: Stage) -> Iterator[Verdict]:
    """Hold every expectation against the hub of `stage`."""
    yield from _messages(stage, data("expectations.yaml")["messages"])
    for story, requests in expectations().items():
        for request in requests:
            yield held(story, request, stage)
    yield from _reported(stage)


def expectations() -> dict[str, list[Request]]:
    """What is expected, by story, in the order in which it is asked."""
    return {story: data(f"expectations/{story}.yaml") for story in data("expectations.yaml")["stories"]}


def held(story: str, request: Request, stage: Stage) -> Verdict:
    """One expectation; where it cannot even be asked it does not hold, and the others are held all the same."""
    try:
        return _in_time(story, request, stage)
    except HubError as error:
        return Verdict(story, request["says"], holds=False, seen=str(error))


def _in_time(story: str, request: Request, stage: Stage) -> Verdict:
    """One expectation, asked once, or until it holds for as many seconds as it may take."""
    deadline = time.monotonic() + request.get("within", 0)
    while True:
        verdict = judge(story, request, stage.perform(request), stage.filled)
        if verdict.holds or time.monotonic() >= deadline:
            return verdict
        time.sleep(_PAUSE)


def judge(story: str, request: Request, reply: Reply, filled: Callable[[Any], Any] = lambda value: value) -> Verdict:
    """Hold what a request expects against the reply: the status (200 unless stated), and what `LOOKS` lists."""
    wanted = {"status": request.get("status", 200)}
    seen: dict[str, Any] = {"status": reply.status}
    for name, look in LOOKS.items():
        if name in request:
            wanted[name] = filled(request[name])
            seen[name] = look(reply.content, wanted[name])
    return _compare(story, request["says"], seen, wanted)


def _reported(stage: Stage) -> Iterator[Verdict]:
    """Each rate of the monthly report of F08, and where it must lie."""
    try:
        found = list(scores(measure_report(stage)))
    except HubError as error:
        yield Verdict("F08", "the centre reports its rates", holds=False, seen=str(error))
        return
    for row, (title, score, above, below) in zip(data("measures.yaml"), found, strict=True):
        low, high = row["between"]
        says = f"{title} {score} % ({above} of {below} persons)"
        yield Verdict("F08", says, low <= score <= high, "" if low <= score <= high else f"expected {low} to {high} %")


def _messages(stage: Stage, counts: Mapping[str, int]) -> Iterator[Verdict]:
    states: Counter[str] = Counter()
    for row in stage.actor("administrator").get("api/messages/summary")["messages"]:
        states[row["state"]] += row["count"]
    yield _compare("HL7", "no message waits", states["queued"], 0)
    for state, count in counts.items():
        yield _compare("HL7", f"messages in state {state}", states[state], count)


def _matches(content: Any) -> list[Json]:
    """The matches of a Bundle; those of an answer that is none are none."""
    entries = content.get("entry", []) if isinstance(content, dict) else []
    return [entry["resource"] for entry in entries if entry.get("search", {}).get("mode", "match") == "match"]


def _total(content: Any, _: Any) -> Any:
    """The total, which must also be the number of matches of a page that shows all."""
    total, there = (content or {}).get("total"), len(_matches(content))
    return total if total == there else f"total {total}, matches {there}"


def _counted(content: Any, _: Any) -> Any:
    """The total of a search that only counts."""
    return (content or {}).get("total")


def _types(content: Any, _: Any) -> dict[str, int]:
    """How many matches there are of each type."""
    return dict(Counter(resource["resourceType"] for resource in _matches(content)))


def _first(content: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The values at dotted paths in the first match."""
    matches = _matches(content)
    return {path: _text_at(matches[0], path) if matches else None for path in wanted}


def _answer(content: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The values at dotted paths in the whole answer."""
    return {path: _text_at(content, path) for path in wanted}


def _says(content: Any, wanted: list[str]) -> list[str]:
    """Those of the wanted texts that stand somewhere in the answer."""
    text = dumps(content).decode()
    return [part for part in wanted if part in text]


def _hides(content: Any, wanted: list[str]) -> list[str]:
    """Those of the texts that rightly stand nowhere in the answer."""
    text = dumps(content).decode()
    return [part for part in wanted if part not in text]


#: What an expectation may say about an answer, and how that is seen; the seen value must equal the one in the file.
LOOKS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "total": _total,
    "counted": _counted,
    "types": _types,
    "first": _first,
    "answer": _answer,
    "contains": _says,
    "lacks": _hides,
}


def _text_at(value: Any, path: str) -> Any:
    """The value at a dotted path; numbers as their text, so that digits count."""
    found = at(value, path)
    return found if isinstance(found, str | bool | None) else str(found)


def _compare(story: str, says: str, seen: Any, wanted: Any) -> Verdict:
    return Verdict(story, says, seen == wanted, "" if seen == wanted else f"seen {seen}, expected {wanted}")

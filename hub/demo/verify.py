"""The demo's check: every expectation of `expectations.yaml`, asked over HTTP from a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.demo.ask import Client
from hub.demo.story import data


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation: what it says, whether it holds, and where not, what was seen."""

    says: str
    holds: bool
    seen: str = ""


def verdicts(client: Callable[[str, str], Client]) -> Iterator[Verdict]:
    """Check everything; `client(role, organization)` gives a client with that token."""
    expected = data("expectations.yaml")
    summary = client("integration-engineer", "F01").get("api/messages/summary")
    states: dict[str, int] = {}
    for row in summary["messages"]:
        states[row["state"]] = states.get(row["state"], 0) + row["count"]
    yield _compare("no message waits", states.get("queued", 0), 0)
    for state, count in expected["messages"].items():
        yield _compare(f"messages in state {state}", states.get(state, 0), count)
    for query in expected["queries"]:
        yield _query(client("clinician", query["as"]), query)


def _query(client: Client, query: Mapping[str, Any]) -> Verdict:
    bundle = client.get("fhir/" + query["get"])
    matches = [entry["resource"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]
    seen = {"total": bundle["total"], "entries": len(matches)}
    wanted: dict[str, Any] = dict(seen)
    if "total" in query:
        wanted = {"total": query["total"], "entries": query["total"]}
    for path, value in query.get("first", {}).items():
        wanted[path] = value
        seen[path] = _at(matches[0], path) if matches else None
    return _compare(query["says"], seen, wanted)


def _at(resource: Any, path: str) -> Any:
    """The value at a dotted path; numbers as their text, so that digits count."""
    for step in path.split("."):
        if isinstance(resource, list):
            resource = resource[int(step)] if int(step) < len(resource) else None
        else:
            resource = (resource or {}).get(step)
    return resource if isinstance(resource, str | bool | None) else str(resource)


def _compare(says: str, seen: Any, wanted: Any) -> Verdict:
    return Verdict(says, seen == wanted, "" if seen == wanted else f"seen {seen}, expected {wanted}")

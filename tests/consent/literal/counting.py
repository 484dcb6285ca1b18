"""Which consents count (section 4, steps a to i)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import Case, kinds
from tests.consent.literal.fitting import NINE
from tests.consent.literal.moments import UnreadableError, covers, empty, ends, inside, reference, span

_ELEMENTS: Final = {*NINE, "type", "provision", "id", "extension"}

Dated = tuple[datetime, Json]


def counting(case: Case) -> list[Dated]:
    """4: those that count with their `dateTime`. Raises UnreadableError where one that must be cannot be processed."""
    entitled = list(_entitled(case))
    current = [one for number, one in enumerate(entitled) if number not in _superseded(entitled)]
    found: list[Dated] = []
    spoilt = False
    for at, consent, sure in current:
        if consent.get("status") != "active":
            continue
        spoilt = spoilt or not sure or not _processable(consent)
        root = consent.get("provision", {})
        if not spoilt and (empty(root.get("period")) or inside(root["period"], case.time)):
            found.append((at, consent))
    if spoilt:
        raise UnreadableError
    return found


def _entitled(case: Case) -> Iterator[tuple[datetime, Json, bool]]:
    """4 a to e; the last says whether the age an entitlement depends on is known (9a, Age unknown)."""
    for consent in case.consents:
        if reference(consent.get("patient")) not in case.mine:
            continue
        if consent.get("status") in ("draft", "proposed", "entered-in-error") or not _in_scope(case, consent):
            continue
        at = span(consent.get("dateTime"))[0]
        if at > case.time:
            continue
        givers = consent.get("performer") or [case.patient]
        words = {word for giver in givers for word in _entitlements(case, reference(giver), at)}
        if words:
            yield at, consent, "yes" in words


def _in_scope(case: Case, consent: Json) -> bool:
    """4c."""
    codings = consent.get("scope", {}).get("coding", [])
    scopes = [one.get("code") for one in codings if one.get("system") == cases.SCOPE]
    research = all(purpose == "PRODRD" or "HRESCH" in kinds(purpose) for purpose in case.purposes)
    return "patient-privacy" in scopes or ("research" in scopes and research)


def _entitlements(case: Case, giver: str | None, at: datetime) -> Iterator[str]:
    """4e: `yes`, or `age` where that is unknown, for each title under which this performer may consent."""
    then, now = case.age(at), case.age(case.time)
    if giver in case.mine and not _under_guardian(case, at):
        yield from _by_age(then, then is not None and then >= 14)
    for entry in case.proxies:
        if giver is None or reference(entry.get("reference")) != giver or not _valid(entry, at):
            continue
        if entry["type"] == "parent":
            yield from _by_age(then, then is not None and then < 18 and now is not None and now < 18)
        elif entry["type"] == "legal-guardian" or "consent" in scope(entry):
            yield "yes"


def scope(entry: Json) -> list[str]:
    """1: the scope of a proxy entry, by default to read."""
    return entry.get("scope") or ["read"]


def _by_age(known: int | None, enough: bool) -> list[str]:
    return ["age"] if known is None else ["yes"] if enough else []


def _valid(entry: Json, at: datetime) -> bool:
    return entry.get("status", "active") == "active" and covers(entry, at, if_missing=True)


def _under_guardian(case: Case, at: datetime) -> bool:
    """9a, 6: an invalid period of a legal guardian counts as holding where it limits the patient."""
    return any(
        one["type"] == "legal-guardian"
        and one.get("status", "active") == "active"
        and covers(one, at, if_missing=True, if_invalid=True)
        for one in case.proxies
    )


def _superseded(entitled: list[tuple[datetime, Json, bool]]) -> set[int]:
    """4f with 9a: decided for all at once, per identifier, not transitively."""
    groups: dict[Any, list[int]] = {}
    for number, (_, consent, _) in enumerate(entitled):
        for name in _names(consent):
            groups.setdefault(name, []).append(number)
    gone: set[int] = set()
    for group in groups.values():
        age = {number: (entitled[number][0], _version(entitled[number][1])) for number in group}
        latest = [number for number in group if age[number] == max(age.values())]
        gone |= set(group) - set(latest)
        if len(latest) > 1 and any(entitled[number][1].get("status") != "active" for number in latest):
            gone |= set(latest)
    return gone


def _names(consent: Json) -> set[Any]:
    values = {(one.get("system"), one["value"]) for one in consent.get("identifier", []) if one.get("value")}
    return values | ({consent["id"]} if consent.get("id") else set())


def _version(consent: Json) -> int:
    text = consent.get("meta", {}).get("versionId", "")
    return int(text) if text.isdigit() else 0


def _processable(consent: Json) -> bool:
    """4h."""
    if not empty(consent.get("modifierExtension")) or not empty(consent.get("implicitRules")):
        return False
    root = consent.get("provision", {})
    return not _modified(root) and _sound(root, root=True)


def _modified(value: Any) -> bool:
    """9a: a modifierExtension anywhere inside a consent's provision."""
    if isinstance(value, dict):
        return not empty(value.get("modifierExtension")) or any(map(_modified, value.values()))
    return isinstance(value, list) and any(map(_modified, value))


def _sound(provision: Json, *, root: bool = False) -> bool:
    said = {name for name, value in provision.items() if not empty(value)} - {"modifierExtension"}
    types = ("permit", "deny", None) if root else ("permit", "deny")
    try:
        for name in said & {"period", "dataPeriod"}:
            ends(provision[name])
    except UnreadableError:
        return False
    return said <= _ELEMENTS and provision.get("type") in types and all(map(_sound, provision.get("provision", [])))

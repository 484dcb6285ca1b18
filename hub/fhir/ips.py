"""A patient summary put together (International Patient Summary 2.0, http://hl7.org/fhir/uv/ips). Pure.

It is made of what it is given and says nothing about anything else: an empty section says that nothing is available,
never that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.fhir.ips_sections import PAST, RESULTS, SECTIONS, SUMMARY, VOID, Section
from hub.fhir.references import parse_reference, references
from hub.fhir.tabular import line, table
from hub.kernel.types import Json

_LOINC: Final = "http://loinc.org"
_NOTHING: Final = "没有可提供的信息"
_EMPTY: Final = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
            "code": "unavailable",
            "display": "Unavailable",
        }
    ],
    "text": _NOTHING,
}
#: The name under which the hub signs what it makes.
_HUB: Final = "医联枢纽 Yilian Hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The Composition and its author, both made anew; the Patients; the resources it lists, each once, in its order.

    `others` are those among the rest that these refer to.
    """

    composition: Json
    author: Json
    patients: Sequence[Json]
    listed: Sequence[Json]
    others: Sequence[Json]


def summary(patient: str, found: Sequence[Json], *, base_url: str, ids: tuple[str, str], now: str) -> Summary:
    """The summary of a patient, by her id.

    `found` are resources of all kinds, each once: the Patients, what is about them, what that may refer to. `ids` are
    UUIDs for the Composition and its author, `now` an R4 dateTime with zone.
    """
    sections = [(section, [one for one in found if belongs(section, one)]) for section in SECTIONS]
    patients = [one for one in found if one["resourceType"] == "Patient"]
    listed = _once(one for _, members in sections for one in members)
    named = _named(listed)
    taken = {_ref(one) for one in (*patients, *listed)}
    others = [one for one in found if _ref(one) in named - taken]
    composition: Json = {
        "resourceType": "Composition",
        "id": ids[0],
        "language": "zh-CN",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ids[0]}"},
        "status": "final",
        "type": _concept(SUMMARY),
        "subject": {"reference": f"{base_url}/Patient/{patient}"},
        "date": now,
        "author": [{"reference": f"urn:uuid:{ids[1]}", "display": _HUB}],
        "title": SUMMARY.title,
        "section": [_section(one, members, base_url) for one, members in sections if members or one.required],
    }
    labels = _labels([*patients, *listed, *others])
    if labels:
        composition["meta"] = {"security": labels}
    author = {
        "resourceType": "Device",
        "id": ids[1],
        "deviceName": [{"name": _HUB, "type": "user-friendly-name"}],
        "type": {"text": "software"},
    }
    return Summary(composition=composition, author=author, patients=patients, listed=listed, others=others)


def belongs(section: Section, resource: Json) -> bool:
    """Whether a resource is told in a section; what was entered in error is told in none."""
    if resource["resourceType"] not in section.types or not VOID.isdisjoint(_states(resource)):
        return False
    match section.kind:
        case "active":
            return _codes(resource.get("clinicalStatus")).isdisjoint(PAST)
        case "past":
            return not _codes(resource.get("clinicalStatus")).isdisjoint(PAST)
        case "results":
            categories = _categories(resource)
            return not categories or not categories.isdisjoint(RESULTS)
        case "vital-signs" | "social-history":
            return section.kind in _categories(resource)
    return True


def _states(resource: Json) -> set[str]:
    status = resource.get("status")
    return _codes(resource.get("verificationStatus")) | ({status} if isinstance(status, str) else set())


def _categories(resource: Json) -> set[str]:
    return {code for category in resource.get("category", ()) for code in _codes(category)}


def _codes(concept: Any) -> set[str]:
    return {one["code"] for one in (concept or {}).get("coding", ()) if "code" in one}


def _section(section: Section, found: Sequence[Json], base_url: str) -> Json:
    told: Json = {"title": section.title, "code": _concept(section)}
    if not found:
        return {**told, "text": line(_NOTHING), "emptyReason": _EMPTY}
    return {**told, "text": table(found), "entry": [{"reference": _url(base_url, one)} for one in found]}


def _concept(section: Section) -> Json:
    return {"coding": [{"system": _LOINC, "code": section.code, "display": section.display}]}


def _url(base_url: str, resource: Json) -> str:
    return f"{base_url}/{resource['resourceType']}/{resource['id']}"


def _ref(resource: Json) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


def _once(resources: Iterable[Json]) -> list[Json]:
    return list({_ref(one): one for one in resources}.values())


def _named(listed: Iterable[Json]) -> set[tuple[str, str]]:
    """What they refer to."""
    targets = (parse_reference(text) for one in listed for text in references(one))
    return {(target.type, target.id) for target in targets if target is not None}


def _labels(resources: Iterable[Json]) -> list[Json]:
    """The security labels of all, each once: a container is as secret as its content."""
    found = {
        (label.get("system"), label.get("code")): {key: label[key] for key in ("system", "code") if key in label}
        for one in resources
        for label in one.get("meta", {}).get("security", ())
    }
    return [found[key] for key in sorted(found, key=repr)]

"""What a QIDO-RS search asks (PS3.18 10.6), as a search of the hub's own index.

An attribute is named by keyword or by tag. What the index cannot search by is refused, never left out: an answer that
is wider than the question tells of other people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

from hub.api.imaging.retrieval import UID
from hub.gate.parameters import escaped
from hub.kernel.errors import Category, HubError

#: Studies of one answer at most, and objects in one where nobody says how many.
MOST: Final = 1000
USUAL: Final = 100
_PATH: Final = re.compile(
    rf"(?:studies/(?P<study>{UID})/)?(?:series/(?P<series>{UID})/)?(?P<level>studies|series|instances)"
)
#: Attributes by tag, as they can be searched by.
_KEYWORDS: Final = {
    "00080020": "StudyDate",
    "00080050": "AccessionNumber",
    "00080060": "Modality",
    "00080061": "ModalitiesInStudy",
    "00081030": "StudyDescription",
    "00100010": "PatientName",
    "00100020": "PatientID",
    "0020000D": "StudyInstanceUID",
    "0020000E": "SeriesInstanceUID",
    "00080018": "SOPInstanceUID",
    "00080016": "SOPClassUID",
}
#: Attributes that choose among the series or instances of the studies found.
_BELOW: Final = frozenset({"Modality", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"})
#: Attributes that name objects; without one of them only studies are searched for.
_NAMING: Final = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"})
_CONTROL: Final = frozenset({"limit", "offset", "includefield", "fuzzymatching"})
_DATE: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_UID: Final = re.compile(UID)
_IN_PATH: Final = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
_ALWAYS: Final = (
    ("status", "registered,available,unknown"),
    ("_sort", "-started"),
    ("_include", "ImagingStudy:patient"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One search: the level of its answer, the FHIR search for its studies, and what is chosen below them.

    `described` chooses among the studies found by their description, which the index does not search by.
    """

    level: str
    search: tuple[tuple[str, str], ...]
    below: Mapping[str, frozenset[str]]
    limit: int
    offset: int
    fuzzy: bool
    described: re.Pattern[str] | None = None


def question(path: str, pairs: Sequence[tuple[str, str]], endpoint: str) -> Question | None:
    """The search of a path below the base; None where it is none. `endpoint` (id) limits it to one archive.

    Raises HubError UNSUPPORTED or INVALID for a parameter.
    """
    found = _PATH.fullmatch(path)
    if found is None or not _is_one(found):
        return None
    named = [(_KEYWORDS.get(name.upper(), name), value) for name, value in pairs]
    given = {name: value for name, value in named if name not in _CONTROL and value.strip("*")}
    given |= {name: found[group] for group, name in _IN_PATH.items() if found[group]}
    limit, offset = _number(named, "limit", USUAL), _number(named, "offset", 0)
    if limit + offset > MOST:
        todo = f"ask for less than {MOST} in all, or narrow the search"
        raise HubError(Category.TOO_LARGE, "asks for too many at once", where="limit", todo=todo)
    if found["level"] != "studies" and _NAMING.isdisjoint(given):
        todo = "name the study: /studies/{uid}/series"
        raise HubError(Category.UNSUPPORTED, "series and instances are those of a study", where="URL", todo=todo)
    described = _pattern(given.pop("StudyDescription", ""))
    terms = [term for name, value in given.items() for term in _terms(name, value)]
    count = max(1, limit + offset) if found["level"] == "studies" else USUAL
    count = count if described is None else MOST
    return Question(
        level=found["level"],
        search=(("endpoint", f"Endpoint/{endpoint}"), *terms, *_ALWAYS, ("_count", str(count))),
        below={name: _values(value) for name, value in given.items() if name in _BELOW},
        limit=limit,
        offset=offset,
        fuzzy=("fuzzymatching", "true") in named,
        described=described,
    )


def _is_one(found: re.Match[str]) -> bool:
    """Whether a path names levels from above to below (PS3.18 table 10.6.1-2)."""
    if found["series"]:
        return bool(found["study"]) and found["level"] == "instances"
    return not found["study"] or found["level"] != "studies"


def _terms(name: str, value: str) -> list[tuple[str, str]]:
    """The FHIR search parameters of one attribute."""
    match name:
        case "StudyInstanceUID":
            return [("identifier", ",".join(f"urn:dicom:uid|urn:oid:{uid}" for uid in sorted(_uids(value))))]
        case "SeriesInstanceUID":
            return [("series", ",".join(sorted(_uids(value))))]
        case "SOPInstanceUID":
            return [("instance", ",".join(sorted(_uids(value))))]
        case "SOPClassUID":
            return [("dicom-class", ",".join(f"urn:oid:{uid}" for uid in sorted(_uids(value))))]
        case "AccessionNumber":
            return [("identifier", escaped(_plain(value)))]
        case "PatientID":
            return [("patient.identifier", escaped(_plain(value)))]
        case "PatientName":
            return [_name(value)]
        case "Modality" | "ModalitiesInStudy":
            return [("modality", ",".join(escaped(one) for one in sorted(_values(value))))]
        case "StudyDate":
            return _dates(value)
    raise HubError(
        Category.UNSUPPORTED, "is no attribute the index is searched by", where="URL", code="unknown-parameter"
    )


def _dates(value: str) -> list[tuple[str, str]]:
    """A day or a range of days, open at either end (PS3.4 C.2.2.2.5.1)."""
    first, dash, last = value.partition("-")
    if not dash:
        return [("started", _day(first))]
    return [("started", f"{prefix}{_day(text)}") for prefix, text in (("ge", first), ("le", last)) if text]


def _day(text: str) -> str:
    found = _DATE.fullmatch(text)
    if found is None:
        raise HubError(Category.INVALID, "is no date or range of dates", where="StudyDate", code="search-value")
    return "-".join(found.groups())


def _name(value: str) -> tuple[str, str]:
    """A name, or its beginning or part of it with a star; of a name in parts, the first."""
    text = value.strip("*").partition("=")[0].partition("^")[0]
    if "*" in text or "?" in text or not text:
        raise HubError(Category.UNSUPPORTED, "has a pattern within", where="PatientName", code="search-value")
    return ("patient.name:contains" if value.startswith("*") else "patient.name", escaped(text))


def _pattern(value: str) -> re.Pattern[str] | None:
    """Wild card matching (PS3.4 C.2.2.2.4), whatever the case; None for no value."""
    if len(value) > 64:
        raise HubError(Category.INVALID, "is longer than any", where="StudyDescription", code="search-value")
    return re.compile(translate(value.replace("[", "[[]")), re.IGNORECASE) if value else None


def _plain(value: str) -> str:
    if "*" in value or "?" in value:
        what = "takes no pattern: a number is known or it is not"
        raise HubError(Category.UNSUPPORTED, what, where="URL", code="search-value")
    return value


def _values(value: str) -> frozenset[str]:
    return frozenset(one for one in re.split(r"[,\\]", value) if one)


def _uids(value: str) -> frozenset[str]:
    found = _values(value)
    if not found or not all(_UID.fullmatch(one) for one in found):
        raise HubError(Category.INVALID, "is no UID", where="URL", code="search-value")
    return found


def _number(pairs: Sequence[tuple[str, str]], name: str, usual: int) -> int:
    text = dict(pairs).get(name, str(usual))
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise HubError(Category.INVALID, "is no number", where=name, code="search-value")
    return int(text)

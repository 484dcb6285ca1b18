"""Studies of the index as a QIDO-RS search is answered (PS3.18 10.6.3), in the JSON of DICOM (PS3.18 F)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hub.api.imaging.question import Question
from hub.kernel.types import Json

_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_GROUPS: Final = {"ABC": "Alphabetic", "IDE": "Ideographic", "SYL": "Phonetic"}
_SEXES: Final = {"male": "M", "female": "F", "other": "O"}
_STUDY_UID: Final = "urn:dicom:uid"


def answers(studies: Iterable[Json], patients: Mapping[str, Json], asked: Question, base: str) -> list[Json]:
    """The objects of the level asked for, of ImagingStudies with their Patients (by `Patient/id`)."""
    chosen = [study for study in studies if asked.described is None or asked.described.match(_description(study))]
    found = [each for study in chosen for each in _objects(study, patients, asked, base)]
    return found[asked.offset : asked.offset + asked.limit]


def _description(study: Json) -> str:
    return str(study.get("description", ""))


def _objects(study: Json, patients: Mapping[str, Json], asked: Question, base: str) -> Iterator[Json]:
    uid = _study_uid(study)
    above = _study(study, patients.get(study["subject"].get("reference", ""), {}), f"{base}/studies/{uid}", uid)
    if asked.level == "studies":
        yield _elements(above)
        return
    for series in study.get("series", []):
        if not _chosen(asked, Modality=series["modality"].get("code"), SeriesInstanceUID=series["uid"]):
            continue
        at = f"{base}/studies/{uid}/series/{series['uid']}"
        within = {**above, **_series(series), "00081190": ("UR", [at])}
        if asked.level == "series":
            yield _elements(within)
        else:
            yield from (_elements({**within, **_instance(each, at)}) for each in _instances(series, asked))


def _instances(series: Json, asked: Question) -> Iterator[Json]:
    for each in series.get("instance", []):
        if _chosen(asked, SOPInstanceUID=each["uid"], SOPClassUID=_bare(each["sopClass"].get("code", ""))):
            yield each


def _chosen(asked: Question, **values: str | None) -> bool:
    return all(name not in asked.below or value in asked.below[name] for name, value in values.items())


def _study(study: Json, patient: Json, at: str, uid: str) -> dict[str, Any]:
    date, time, zone = _moment(study.get("started", ""))
    series = study.get("series", [])
    return {
        "00080005": ("CS", ["ISO_IR 192"]),
        "00080020": ("DA", [date]),
        "00080030": ("TM", [time]),
        "00080050": ("SH", _typed(study, "ACSN")),
        "00080056": ("CS", ["ONLINE"]),
        "00080061": ("CS", _modalities(study)),
        "00080090": ("PN", _alphabetic(study.get("referrer", {}).get("display", ""))),
        "00080201": ("SH", [zone]),
        "00081030": ("LO", [_description(study)]),
        "00081190": ("UR", [at]),
        "00100010": ("PN", _names(patient.get("name", []))),
        "00100020": ("LO", _typed(patient, "MR")),
        "00100030": ("DA", [patient.get("birthDate", "").replace("-", "")[:8]]),
        "00100040": ("CS", [_SEXES.get(patient.get("gender", ""), "")]),
        "0020000D": ("UI", [uid]),
        "00201206": ("IS", [study.get("numberOfSeries", len(series))]),
        "00201208": ("IS", [study.get("numberOfInstances", sum(len(each.get("instance", [])) for each in series))]),
    }


def _modalities(study: Json) -> list[str]:
    """Those the study names, else those of its series: viewers (OHIF) take a study without any for a broken one."""
    named = study.get("modality") or [each["modality"] for each in study.get("series", [])]
    return list(dict.fromkeys(each.get("code", "") for each in named))


def _series(series: Json) -> dict[str, Any]:
    date, time, _ = _moment(series.get("started", ""))
    return {
        "00080021": ("DA", [date]),
        "00080031": ("TM", [time]),
        "00080060": ("CS", [series["modality"].get("code", "")]),
        "0008103E": ("LO", [series.get("description", "")]),
        "0020000E": ("UI", [series["uid"]]),
        "00200011": ("IS", [series.get("number")]),
        "00201209": ("IS", [series.get("numberOfInstances", len(series.get("instance", [])))]),
    }


def _instance(instance: Json, at: str) -> dict[str, Any]:
    return {
        "00080016": ("UI", [_bare(instance["sopClass"].get("code", ""))]),
        "00080018": ("UI", [instance["uid"]]),
        "00081190": ("UR", [f"{at}/instances/{instance['uid']}"]),
        "00200013": ("IS", [instance.get("number")]),
    }


def _elements(values: Mapping[str, tuple[str, list[Any]]]) -> Json:
    """Elements in the order of their tags; one without a value has none."""
    found: Json = {}
    for tag in sorted(values):
        vr, given = values[tag]
        said = [each for each in given if each not in ("", None)]
        found[tag] = {"vr": vr, "Value": said} if said else {"vr": vr}
    return found


def _study_uid(study: Json) -> str:
    values = (each["value"] for each in study["identifier"] if each.get("system") == _STUDY_UID)
    return _bare(next(values, ""))


def _bare(oid: str) -> str:
    return oid.removeprefix("urn:oid:")


def _typed(resource: Json, code: str) -> list[str]:
    """The first identifier of a type (HL7 table 0203)."""
    for each in resource.get("identifier", []):
        if any(coding.get("code") == code for coding in each.get("type", {}).get("coding", [])):
            return [each.get("value", "")]
    return []


def _names(names: Iterable[Json]) -> list[Json]:
    """A person's name by its groups; one that does not say which group it is stands in the first (PS3.5 6.2)."""
    found: Json = {}
    for name in names:
        codes = [each.get("valueCode") for each in name.get("extension", []) if each.get("url") == _REPRESENTATION]
        parts = [name.get("family", ""), " ".join(name.get("given", []))]
        text = "^".join(parts).rstrip("^") or name.get("text", "")
        if text:
            found.setdefault(_GROUPS.get(str(codes[0]) if codes else "", "Alphabetic"), text)
    return [found] if found else []


def _alphabetic(text: str) -> list[Json]:
    return [{"Alphabetic": text}] if text else []


def _moment(started: str) -> tuple[str, str, str]:
    """Date, time and offset of a dateTime; a date that is not whole is none."""
    day, _, rest = started.partition("T")
    date = day.replace("-", "") if len(day) == 10 else ""
    time, offset = rest[:8].replace(":", ""), rest[8:].lstrip(".0123456789").replace("Z", "+00:00")
    return date, time, offset.replace(":", "")

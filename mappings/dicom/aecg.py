"""HL7 annotated ECG (aECG, PORT_MT020001), read without entities and network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from lxml import etree

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json, ReportRow
from mappings.attachment import attachment
from mappings.dicom.case import Case, identifier, texts
from mappings.dicom.drawing import Lead, picture
from mappings.dicom.ecg import MDC, Measurement, Recording, keep
from mappings.dicom.holder import Holder, hold
from mappings.dicom.item import clean
from mappings.dicom.times import instant

_NS: Final = "{urn:hl7-org:v3}"
_ROOT: Final = re.compile(rb"<(?:\w+:)?AnnotatedECG[\s>]")
_MDC_OID: Final = "2.16.840.1.113883.6.24"
_LEAD: Final = "MDC_ECG_LEAD_"
_GENDERS: Final = {"M": "male", "F": "female"}
#: Samples of a lead that are read for the preview.
_SAMPLES: Final = 100_000
#: What becomes of the parts of a document that are read; all else stands in the original.
_READ: Final = {
    "id": ("DocumentReference.identifier",),
    "effectiveTime": ("Observation.effectiveDateTime",),
    "componentOf": ("Patient.identifier", "Patient.name"),
    "component": ("Observation.code", "DocumentReference.content"),
}


def is_aecg(raw: bytes) -> bool:
    """Whether a file that begins so is an aECG document."""
    return raw.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<" and _ROOT.search(raw[:8192]) is not None


def translate(raw: bytes, case: Case) -> tuple[ReportRow, ...]:
    """Add the drafts of one document to the case. Raises HubError UNREADABLE for XML that is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise HubError(Category.UNREADABLE, "the document is no well-formed XML", code="no-xml") from None
    number = _first(root, "id")
    key = "|".join(filter(None, (number.get("root"), number.get("extension")))) if number is not None else ""
    when = _when(root, case.zone)
    hold(_holder(root), key or f"{when}", case)
    drawn = picture(list(_leads(root)))
    keep(
        Recording(
            key=key or case.patient["reference"],
            when=when,
            original=attachment(raw, "application/xml"),
            measurements=list(_measurements(root)),
            statements=texts(_statements(root)),
            pictures=(attachment(drawn, "image/svg+xml", title="preview"),) if drawn else (),
        ),
        case,
        [identifier("urn:ietf:rfc:3986", f"urn:oid:{key}")] if key and "|" not in key else [],
    )
    return tuple(_row(child) for child in root if isinstance(child.tag, str))


def _row(child: Any) -> ReportRow:
    name = etree.QName(child).localname
    source = f"AnnotatedECG/{name}"
    if name in _READ:
        return ReportRow(source=source, outcome="mapped", targets=_READ[name])
    return ReportRow(source=source, outcome="carried", targets=("DocumentReference.content",))


def _holder(root: Any) -> Holder:
    """Whose it is: the subject of a trial, whose number is qualified by its root."""
    subject = next(root.iter(f"{_NS}trialSubject"), None)
    if subject is None:
        return Holder()
    number, person = _first(subject, "id"), next(subject.iter(f"{_NS}subjectDemographicPerson"), None)
    value = number.get("extension", "") if number is not None else ""
    system = f"urn:oid:{number.get('root')}" if value and number.get("root") else ""
    if person is None:
        return Holder(system=system, value=value)
    born, gender = _first(person, "birthTime"), _first(person, "administrativeGenderCode")
    return Holder(
        system=system,
        value=value or _text(person, "PatientID"),
        name=_text(person, "name"),
        gender=_GENDERS.get(gender.get("code", ""), "") if gender is not None else "",
        born=born.get("value", "") if born is not None else "",
    )


def _first(parent: Any, name: str) -> Any:
    return parent.find(f"{_NS}{name}")


def _text(parent: Any, name: str) -> str:
    found = _first(parent, name)
    return clean(" ".join("".join(found.itertext()).split())) if found is not None else ""


def _when(root: Any, zone: str) -> str:
    """When it was recorded: the centre of its time, or its beginning."""
    time = _first(root, "effectiveTime")
    stated = [_first(time, name) for name in ("center", "low")] if time is not None else []
    values = [each.get("value", "") for each in stated if each is not None]
    return next((found for value in values if (found := instant(value, zone))), "")


def _measurements(root: Any) -> Iterator[Measurement]:
    """Every annotation that is a physical quantity of the whole recording; those of one lead stay in the original."""
    for annotation in root.iter(f"{_NS}annotation"):
        code, value = _first(annotation, "code"), _first(annotation, "value")
        if code is None or value is None or value.get("value") is None or _of_a_lead(annotation):
            continue
        name = code.get("code", "")
        amount = _number(value.get("value"))
        if name and amount is not None:
            system = MDC if code.get("codeSystem") == _MDC_OID else ""
            coding: Json = {} if system else {"code": name} | _display(code)
            yield Measurement(source=name, coding=coding, value=amount, unit=value.get("unit", ""))


def _display(code: Any) -> Json:
    return {"display": code.get("displayName")} if code.get("displayName") else {}


def _of_a_lead(annotation: Any) -> bool:
    supported = (each for each in annotation.iterancestors(f"{_NS}annotation"))
    return any(_first(each, "support") is not None for each in (annotation, *supported))


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 20 else None


def _statements(root: Any) -> Iterator[str]:
    """What the device says of the recording: annotations that hold text."""
    for annotation in root.iter(f"{_NS}annotation"):
        value = _first(annotation, "value")
        if value is not None and value.get("value") is None:
            yield clean(" ".join("".join(value.itertext()).split()))


def _leads(root: Any) -> Iterator[Lead]:
    """The leads of the first set of sequences."""
    sequences = next(root.iter(f"{_NS}sequenceSet"), None)
    if sequences is None:
        return
    rate = 0.0
    for sequence in sequences.iter(f"{_NS}sequence"):
        code, value = _first(sequence, "code"), _first(sequence, "value")
        if code is None or value is None:
            continue
        step = _first(value, "increment")
        if step is not None and (interval := _number(step.get("value", ""))):
            rate = float(1 / interval) if interval > 0 else 0.0
        elif rate and code.get("code", "").startswith(_LEAD):
            yield Lead(code.get("code")[len(_LEAD) :], rate, _scale(value), _samples(_text(value, "digits")))


def _scale(value: Any) -> float:
    """Microvolts of a unit."""
    scale = _first(value, "scale")
    factor = _number(scale.get("value", "")) if scale is not None else None
    return float(factor or 1) * {"mV": 1000.0, "V": 1e6, "nV": 1e-3}.get(
        scale.get("unit") if scale is not None else "", 1.0
    )


def _samples(text: str) -> list[int]:
    found = []
    for word in text.split()[:_SAMPLES]:
        try:
            found.append(int(float(word)))
        except (ValueError, OverflowError):
            break
    return found

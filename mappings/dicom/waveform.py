"""DICOM waveforms (PS3.3 A.34): an electrocardiogram with its measurements and statements (C.10.10)."""

from __future__ import annotations

from array import array
from decimal import Decimal
from typing import Final

from mappings.attachment import attachment
from mappings.dicom.case import Case, oid
from mappings.dicom.coded import coding
from mappings.dicom.content import moment
from mappings.dicom.drawing import Lead, picture
from mappings.dicom.ecg import Measurement, Recording, keep
from mappings.dicom.item import Item
from mappings.dicom.times import at, instant

#: An original larger than this stays in the archive, bytes.
LARGEST: Final = 4 << 20
#: Waveform sample representations of 16 bits.
_SIXTEEN: Final = frozenset({"SS", "US"})


def waveform(item: Item, original: bytes, case: Case) -> None:
    """Keep the recording of one waveform object; `original` is the file, b"" if it was too large to carry."""
    when = instant(item.text("AcquisitionDateTime"), case.zone) or moment(item, case.zone)
    drawn = picture(_leads(item))
    if not original:
        case.issue("document-left", "the recording is too large to carry; it stays in the archive", "(5400,0100)")
    uid = item.uid("SOPInstanceUID")
    recording = Recording(
        key=uid,
        when=when or at(item, "StudyDate", "StudyTime", case.zone),
        original=attachment(original, "application/dicom") if original else {"contentType": "application/dicom"},
        measurements=_measurements(item, case),
        statements=[
            text for each in item.items("WaveformAnnotationSequence") if (text := each.text("UnformattedTextValue"))
        ],
        pictures=(attachment(drawn, "image/svg+xml", title="preview"),) if drawn else (),
    )
    keep(recording, case, [oid(uid)] if uid else [])


def _measurements(item: Item, case: Case) -> list[Measurement]:
    found = []
    for each in item.items("WaveformAnnotationSequence"):
        named, value = each.first("ConceptNameCodeSequence"), each.number("NumericValue")
        if named is not None and value is not None:
            unit = each.first("MeasurementUnitsCodeSequence")
            code = named.text("CodeValue")
            text = unit.text("CodeValue") if unit is not None else ""
            found.append(Measurement(source=code, coding=coding(named, case), value=value, unit=text))
    return found


def _leads(item: Item) -> list[Lead]:
    """The leads of the first group of 16-bit samples, in microvolts."""
    group = item.first("WaveformSequence")
    if group is None or group.text("WaveformSampleInterpretation") not in _SIXTEEN:
        return []
    channels = group.items("ChannelDefinitionSequence")
    rate = group.number("SamplingFrequency")
    raw = group.raw("WaveformData")
    if not channels or not rate or rate <= 0 or len(raw) < 2 * len(channels):
        return []
    samples = array("h", raw[: len(raw) // (2 * len(channels)) * 2 * len(channels)])
    if not item.dataset.is_little_endian:
        samples.byteswap()
    return [_lead(each, samples[n :: len(channels)], rate) for n, each in enumerate(channels)]


def _lead(channel: Item, samples: array[int], rate: Decimal) -> Lead:
    source = channel.first("ChannelSourceSequence")
    unit = channel.first("ChannelSensitivityUnitsSequence")
    factor = channel.number("ChannelSensitivity") or Decimal(1)
    correction = channel.number("ChannelSensitivityCorrectionFactor") or Decimal(1)
    volts = {"mV": 1000, "V": 1_000_000}.get(unit.text("CodeValue") if unit is not None else "", 1)
    name = source.text("CodeMeaning") if source is not None else ""
    return Lead(name, float(rate), float(factor * correction * volts), samples)

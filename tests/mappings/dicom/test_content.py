"""What objects say beside their pixels: structured reports, files, electrocardiograms."""

from __future__ import annotations

from base64 import b64decode
from decimal import Decimal
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.mappings.dicom.objects import code, codes, content, dataset, line, lines, part_10, resource, resources

GROUP = code("125007", "DCM", "Measurement Group")


def _measured(value: str, unit: str) -> Sequence:
    item = Dataset()
    item.NumericValue = value
    item.MeasurementUnitsCodeSequence = code(unit, "UCUM", unit)
    return Sequence([item])


def measurement_report() -> Dataset:
    site = content("CODE", "HAS CONCEPT MOD", code("363698007", "SCT", "Finding Site"))
    site.ConceptCodeSequence = code("39607008", "SCT", "Lung")
    long = content(
        "NUM", "CONTAINS", code("103339001", "SCT", "Long Axis"), MeasuredValueSequence=_measured("12.50", "mm")
    )
    empty = content("NUM", "CONTAINS", code("103340004", "SCT", "Short Axis"))
    tracking = content("TEXT", "HAS OBS CONTEXT", code("112039", "DCM", "Tracking Identifier"), TextValue="Nodule 1")
    group = content("CONTAINER", "CONTAINS", GROUP, ContentSequence=Sequence([tracking, site, long, empty]))
    says = content("TEXT", "CONTAINS", code("121077", "DCM", "Conclusion"), TextValue="No change.")
    return dataset(
        Modality="SR",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33",
        ConceptNameCodeSequence=code("126000", "DCM", "Imaging Measurement Report"),
        CompletionFlag="COMPLETE",
        VerificationFlag="VERIFIED",
        ContentDate="20260302",
        ContentTime="0901",
        ContentSequence=Sequence([group, says]),
    )


def test_a_measurement_has_its_unit_and_the_finding_site_of_its_group() -> None:
    found = line(part_10(measurement_report()))
    long, short, _ = resources(found, "Observation")
    assert long["valueQuantity"] == {
        "value": Decimal("12.50"),
        "unit": "mm",
        "system": "http://unitsofmeasure.org",
        "code": "mm",
    }
    assert long["bodySite"]["coding"][0]["code"] == "39607008"
    assert short["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert long["derivedFrom"] == [{"reference": f"ImagingStudy/{resource(found, 'ImagingStudy')['id']}"}]


def test_the_report_keeps_the_whole_tree_as_text_and_names_its_order() -> None:
    report = resource(line(part_10(measurement_report())), "DiagnosticReport")
    assert (report["status"], report["conclusion"]) == ("final", "No change.")
    assert report["effectiveDateTime"] == "2026-03-02T09:01:00+08:00"
    assert report["basedOn"][0]["identifier"]["value"] == "A9901"
    text = b64decode(report["presentedForm"][0]["data"]).decode()
    assert "  Tracking Identifier: Nodule 1" in text
    assert "  Long Axis: 12.50 mm" in text
    assert len(report["result"]) == 3


def test_an_encapsulated_file_is_a_document_that_holds_it() -> None:
    made = dataset(
        Modality="DOC",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        EncapsulatedDocument=b"%PDF-1.7\n" + b"x" * 100_000,
        DocumentTitle="Report",
        ContentDate="20260302",
        ContentTime="0901",
    )
    attachment = resource(line(part_10(made)), "DocumentReference")["content"][0]["attachment"]
    assert b64decode(attachment["data"]).startswith(b"%PDF-1.7\n")
    assert (attachment["contentType"], attachment["title"]) == ("application/pdf", "Report")


def test_a_presentation_state_is_listed_and_noted() -> None:
    found = line(part_10(dataset(Modality="PR", SOPClassUID="1.2.840.10008.5.1.4.1.1.11.1", ContentLabel="SHOWN")))
    assert codes(found) == ["not-read"]
    assert resource(found, "ImagingStudy")["series"][0]["instance"][0]["title"] == "SHOWN"


def _annotation(value: str, name: Sequence, unit: str) -> Dataset:
    item = Dataset()
    item.NumericValue, item.ConceptNameCodeSequence = value, name
    item.MeasurementUnitsCodeSequence = code(unit, "UCUM", unit)
    return item


def test_a_waveform_keeps_its_original_and_tells_its_intervals_and_axes() -> None:
    said = Dataset()
    said.UnformattedTextValue = "SINUS RHYTHM"
    notes = [
        said,
        _annotation("368", code("5.13.5-11", "SCPECG", "QT Interval"), "ms"),
        _annotation("0", code("5.10.2.1-5", "SCPECG", "PP Interval"), "ms"),
        _annotation("-12", code("5.10.3-13", "SCPECG", "QRS Axis"), "deg"),
    ]
    channel = Dataset()
    channel.ChannelSourceSequence = code("5.6.3-9-1", "SCPECG", "Lead I")
    channel.ChannelSensitivity = "2.5"
    channel.ChannelSensitivityUnitsSequence = code("uV", "UCUM", "microvolt")
    group = Dataset()
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples, group.SamplingFrequency = 1, 4, "500"
    group.ChannelDefinitionSequence = Sequence([channel])
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new(0x54001010, "OW", b"\x01\x00\x64\x00\xff\xff\x00\x00")
    made = dataset(
        Modality="ECG",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.9.1.1",
        AcquisitionDateTime="20260302083000",
        WaveformSequence=Sequence([group]),
        WaveformAnnotationSequence=Sequence(notes),
    )
    raw = part_10(made)
    found = line(raw)
    original, preview = (each["attachment"] for each in resource(found, "DocumentReference")["content"])
    assert b64decode(original["data"]) == raw
    assert b64decode(preview["data"]).startswith(b"<svg ")
    values = {o["code"]["coding"][0]["code"]: o["valueQuantity"] for o in resources(found, "Observation")}
    assert {loinc: int(value["value"]) for loinc, value in values.items()} == {"8634-8": 368, "8632-2": -12}
    assert "not-measured" in codes(found)
    assert resource(found, "DiagnosticReport")["conclusion"] == "SINUS RHYTHM"


def test_the_measurements_of_the_sample_recording_are_all_there(shared: Path) -> None:
    (found,) = lines((shared / "dicom-samples" / "pydicom__waveform_ecg.dcm").read_bytes())
    values = {
        each["code"]["coding"][-1]["display"]: int(each["valueQuantity"]["value"])
        for each in resources(found, "Observation")
    }
    assert values == {
        "RR Interval": 982,
        "PR Interval": 161,
        "QRS Duration": 75,
        "QT Interval": 368,
        "QTc Interval": 370,
        "P Axis": 74,
        "QRS Axis": 52,
        "T Axis": 57,
    }

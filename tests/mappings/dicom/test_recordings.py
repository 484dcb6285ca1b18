"""Electrocardiograms that are no DICOM: aECG and SCP-ECG."""

from __future__ import annotations

import struct
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.types import Json
from tests.mappings.dicom.objects import codes, line, lines, resource, resources

AECG = """<?xml version="1.0"?>
<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <id root="2.25.990122"/><effectiveTime><low value="20260302083000"/></effectiveTime>
 <componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>
  <id root="2.16.156.10011.990122.1" extension="P7"/><subjectDemographicPerson><name>测试甲</name>
  <administrativeGenderCode code="F"/><birthTime value="19800101"/></subjectDemographicPerson>
 </trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>
 <component><series><component><sequenceSet>
  <component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">
   <increment value="0.002" unit="s"/></value>
  </sequence></component>
  <component><sequence><code code="MDC_ECG_LEAD_II" codeSystem="2.16.840.1.113883.6.24"/><value xsi:type="SLIST_PQ">
   <scale value="2.5" unit="uV"/><digits>-2 0 100 4 x</digits></value></sequence></component>
 </sequenceSet></component><subjectOf><annotationSet>
  <component><annotation><code code="MDC_ECG_TIME_PD_QT" codeSystem="2.16.840.1.113883.6.24"/>
   <value xsi:type="PQ" value="418" unit="ms"/></annotation></component>
  <component><annotation><code code="MDC_ECG_HEART_RATE" codeSystem="2.16.840.1.113883.6.24"/>
   <value xsi:type="PQ" value="57" unit="bpm"/></annotation></component>
  <component><annotation><code code="MDC_ECG_INTERPRETATION"/>
   <value xsi:type="ST">SINUS RHYTHM</value></annotation></component>
 </annotationSet></subjectOf></series></component>
</AnnotatedECG>"""


def _values(found: Json) -> dict[str, str]:
    return {
        each["code"]["coding"][0]["code"]: f"{each['valueQuantity']['value']} {each['valueQuantity']['code']}"
        for each in resources(found, "Observation")
    }


def test_an_aecg_keeps_its_original_and_tells_whose_it_is_and_what_was_measured() -> None:
    found = line(AECG.encode())
    assert codes(found) == []
    patient = resource(found, "Patient")
    assert (patient["name"][0]["text"], patient["birthDate"]) == ("测试甲", "1980-01-01")
    assert patient["identifier"][0]["system"] == "urn:oid:2.16.156.10011.990122.1"
    assert _values(found) == {"8634-8": "418 ms", "8867-4": "57 /min"}
    original, preview = (each["attachment"] for each in resource(found, "DocumentReference")["content"])
    assert b64decode(original["data"]) == AECG.encode()
    assert b"<polyline" in b64decode(preview["data"])
    assert resource(found, "DiagnosticReport")["conclusion"] == "SINUS RHYTHM"
    assert resource(found, "DocumentReference")["date"] == "2026-03-02T08:30:00+08:00"
    assert found["report"][0]["source"] == "AnnotatedECG/id"


@pytest.mark.parametrize(
    "broken", ["<AnnotatedECG ", "<AnnotatedECG xmlns='urn:hl7-org:v3'><id", "<AnnotatedECG>&x;</AnnotatedECG>"]
)
def test_broken_xml_is_fatal_and_no_traceback(broken: str) -> None:
    found = line(broken.encode())
    assert found["bundle"] is None
    assert codes(found) in (["no-xml"], ["no-dicom"])


def test_entities_reach_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("topsecret", encoding="utf-8")
    hostile = AECG.replace("<AnnotatedECG", f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><AnnotatedECG', 1)
    hostile = hostile.replace("SINUS RHYTHM", "&x;").replace("测试甲", "&x;")
    (found,) = lines(hostile.encode())
    assert "topsecret" not in str([r for r in resources(found) if r["resourceType"] != "DocumentReference"])


def scp(*, number: bytes = b"P7") -> bytes:
    """A record of sections 0, 1, 7 and 8."""

    def tag(kind: int, value: bytes) -> bytes:
        return struct.pack("<BH", kind, len(value)) + value

    name = "测试".encode("gb18030") + b"\0"
    fields = tag(0, name) + tag(2, number + b"\0") + tag(5, struct.pack("<HBB", 1980, 1, 1)) + tag(8, b"\x02")
    fields += tag(25, struct.pack("<HBB", 2026, 3, 2)) + tag(26, bytes([8, 30, 0])) + b"\xff\0\0"
    measured = struct.pack("<BBHH", 1, 0, 982, 29999) + struct.pack("<5H3h", 100, 200, 261, 336, 629, 74, 52, 999)
    text = b"SINUS RHYTHM\0"
    said = bytes(8) + b"\x01" + struct.pack("<BH", 1, len(text)) + text
    bodies = {1: fields, 7: measured, 8: said}
    pointers, index = b"", 6 + 16 + 10 * (len(bodies) + 1) + 1
    for kind, body in bodies.items():
        pointers += struct.pack("<HII", kind, len(body) + 16, index)
        index += len(body) + 16
    size = 16 + 10 * (len(bodies) + 1)
    section_0 = struct.pack("<HHI", 0, 0, size) + b"\x0d\x0dSCPECG" + struct.pack("<HII", 0, size, 7) + pointers
    whole = section_0 + b"".join(bytes(16) + body for body in bodies.values())
    return struct.pack("<HI", 0, len(whole) + 6) + whole


def test_an_scp_record_tells_intervals_from_its_points_and_is_nobodys_without_an_issuer() -> None:
    found = line(scp())
    assert codes(found) == ["unqualified-patient-id"]
    assert resource(found, "Patient")["name"][0]["text"] == "测试"
    assert _values(found) == {
        "8637-1": "982 ms",
        "147256": "100 ms",
        "8625-6": "161 ms",
        "8633-0": "75 ms",
        "8634-8": "368 ms",
        "8626-4": "74 deg",
        "8632-2": "52 deg",
    }
    assert resource(found, "DiagnosticReport")["conclusion"] == "SINUS RHYTHM"


@settings(max_examples=60, deadline=None)
@given(st.integers(22, 300), st.binary(min_size=1, max_size=8), st.integers(22, 400))
def test_no_damage_of_a_record_raises(at: int, put: bytes, end: int) -> None:
    raw = scp()
    (found,) = lines((raw[:at] + put + raw[at + len(put) :])[:end])
    assert "fault" not in codes(found)


def test_the_sample_recordings_are_read(shared: Path) -> None:
    folder = shared / "dicom-samples"
    liryc = line((folder / "liryc__hl7aecg_example.xml").read_bytes())
    assert {"8867-4": "57 /min", "8634-8": "418 ms", "8632-2": "64 deg"}.items() <= _values(liryc).items()
    minimum = line((folder / "fda__minimum_aecg.xml").read_bytes())
    assert resource(minimum, "Patient")["identifier"][0]["value"] == "SBJ-123"
    contec = line((folder / "contec__demo.scp").read_bytes())
    assert resource(contec, "Patient")["name"][0]["family"] == "Patient"
    assert len(resource(contec, "DocumentReference")["content"]) == 2

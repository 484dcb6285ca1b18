"""Results of a long message that are let go of say what they would have said in memory."""

from __future__ import annotations

import pytest

from hub.fhir.json import canonical
from hub.fhir.long_drafts import LongDrafts
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Draft, Json, Translation
from mappings.hl7v2.convert import convert
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.resources import orders, results
from mappings.hl7v2.translator import translator
from tests.mappings.messages import oru

MANY = 900
REPORT = "DiagnosticReport"


def tell(raw: str) -> Translation:
    return translator(DEFAULT, "F03", keyed_ids(PUBLIC_KEY))(raw.encode())


def let_go(said: Translation) -> list[Draft]:
    return list(said.drafts.results) if isinstance(said.drafts, LongDrafts) else []


def resources(said: Translation) -> dict[str, bytes]:
    """By id, every draft with its resource in one form."""
    return {
        draft.resource["id"]: canonical([draft.authority, draft.key, draft.patient, draft.merge, draft.resource])
        for draft in said.drafts
    }


def only(said: Translation, rtype: str) -> Json:
    (found,) = (draft.resource for draft in said.drafts if draft.resource["resourceType"] == rtype)
    return found


def segments(**changed: str) -> str:
    """A long message with segments put in the place of some, by name, or behind a numbered OBX."""
    lines = oru(MANY).split("\r")
    found = [changed.get(line[:3], line) for line in lines]
    for name, text in changed.items():
        if name.startswith("OBX_"):
            found[[line.startswith(f"OBX|{name[4:]}|") for line in found].index(True)] = text
    return "\r".join(found)


def test_a_message_says_the_same_whether_its_results_are_let_go_of_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = segments(OBX_700="OBX|700|NM|T700^项目^L||7|mmol/L|3.5-9.5|H|||F|||202601050830|||0148^方^知远\rNTE|1||溶血")
    gone = tell(raw)
    assert len(let_go(gone)) == MANY - 256
    monkeypatch.setattr(orders, "LONG", 10_000)
    monkeypatch.setattr(results, "LONG", 10_000)
    whole = tell(raw)
    assert any(row.source.startswith("OBX[700]-14") and row.reason for row in whole.report)
    assert isinstance(whole.drafts, tuple)
    assert resources(gone) == resources(whole)
    assert list(gone.report) == list(whole.report)
    assert (gone.issues, gone.unmapped, gone.provenance) == (whole.issues, whole.unmapped, whole.provenance)


def test_its_bundle_says_the_same_and_names_every_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def bundle() -> dict[str, Json]:
        (row,) = convert("a.hl7", oru(MANY).encode())
        return {entry["fullUrl"]: entry["resource"] for entry in row["bundle"]["entry"]}

    gone = bundle()
    monkeypatch.setattr(orders, "LONG", 10_000)
    whole = bundle()
    for found in (gone, whole):
        for resource in found.values():
            if resource["resourceType"] == "Provenance":
                resource["target"].sort(key=lambda target: target["reference"])
    assert {url: canonical(resource) for url, resource in gone.items()} == {
        url: canonical(resource) for url, resource in whole.items()
    }


def test_the_confidentiality_of_an_order_holds_for_the_results_let_go_of() -> None:
    said = tell(segments(ORC="ORC|RE|O1001^HIS|L2001^LIS" + "|" * 25 + "R"))
    labels = only(said, REPORT)["meta"]["security"]
    assert labels
    assert len(let_go(said)) == MANY - 256
    assert all(draft.resource["meta"]["security"] == labels for draft in let_go(said))


def test_what_a_report_shows_as_its_text_and_conclusion_stays_with_it() -> None:
    said = tell(segments(OBX_700="OBX|700|TX|T700^项目^L||所见", OBX_800="OBX|800|TX|T800&IMP^印象^L||正常"))
    report = only(said, REPORT)
    assert "presentedForm" in report
    assert report["conclusion"] == "正常"
    assert len(let_go(said)) == MANY - 256 - 2
    assert len(report["result"]) == MANY


def test_nothing_is_let_go_of_where_an_order_came_of_another() -> None:
    obr = {1: "2", 2: "O1002^HIS", 3: "L2002^LIS", 4: "SUS^药敏^L", 26: "T800", 29: "O1001&HIS^L2001&LIS"}
    child = "|".join(["OBR", *(obr.get(n, "") for n in range(1, 30))]) + "\rOBX|1|ST|S1^药^L||S"
    said = tell(segments() + "\r" + child)
    assert let_go(said) == []
    (parent,) = (draft.resource for draft in said.drafts if "hasMember" in draft.resource)
    assert parent["code"]["coding"][0]["code"] == "T800"


def test_nothing_is_let_go_of_that_rows_of_a_profile_may_add_to() -> None:
    rows = {"ZBX-1:Observation.extension[].valueString": {"as": "text", "with": {"url": "urn:test:z"}}}
    raw = segments(OBX_700="OBX|700|NM|T700^项目^L||7\rZBX|said later").encode()
    said = translator(Profile(name="f", rows=rows), "F03", keyed_ids(PUBLIC_KEY))(raw)
    assert let_go(said) == []
    assert b"said later" in b"".join(resources(said).values())


def test_results_of_no_order_are_let_go_of_too() -> None:
    lines = [line for line in oru(MANY).split("\r") if line[:3] not in {"ORC", "OBR"}]
    assert len(let_go(tell("\r".join(lines)))) == MANY - 256


def test_a_result_told_twice_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = segments(OBX_700="OBX|700|NM|T600^again^L||7|mmol/L", OBX_800="OBX|800|NM|T600^again^L||8|mmol/L")
    gone = resources(tell(raw))
    monkeypatch.setattr(orders, "LONG", 10_000)
    monkeypatch.setattr(results, "LONG", 10_000)
    assert gone == resources(tell(raw))

"""Readings of devices: when, whose, in which unit; and PCD-01 by the HL7 v2 mapping."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.devices import Binding
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Json, Translation
from mappings.devices import feed
from mappings.devices.binding import bound
from mappings.devices.clock import corrected, instant
from mappings.devices.readings import Reading, messages, reading
from mappings.devices.translate import EVENTS, MDC, UNBOUND, translate
from mappings.devices.vendormap import load, vendor
from mappings.hl7v2.convert import bundle, convert
from tests.mappings.checker import invalid

NOW = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)
BAND = {"deviceNum": "W-1", "createTime": MILLISECONDS, "sbp": 188, "dbp": 116, "pulse": 96}
P1 = Binding(device="W-1", patient="p1", start=NOW - timedelta(days=30))


def taken(name: str, payload: Any, received: datetime = NOW) -> list[Reading | HubError]:
    found: list[Reading | HubError] = []
    for message in messages(json.dumps(payload).encode(), vendor(name), received):
        try:
            found.append(reading(message, vendor(name)))
        except HubError as error:
            found.append(error)
    return found


def one(name: str, payload: Any, received: datetime = NOW) -> Reading:
    (found,) = taken(name, payload, received)
    assert isinstance(found, Reading), found
    return found


def band(*changes: Json, **payload: Any) -> Json:
    return {"data": [{**BAND, **change} for change in changes or ({},)], **payload}


def said(reading: Reading, *bindings: Binding) -> Translation:
    return translate(reading, vendor("wristband"), bindings or (P1,), "F04", keyed_ids(PUBLIC_KEY))


def values(reading: Reading) -> dict[str, Decimal]:
    return {measure.question.link: value for measure, value in reading.values}


def codes(reading: Reading) -> list[str]:
    return [issue.code for issue in reading.issues]


def test_a_reading_becomes_a_panel_and_observations_of_a_device_and_its_person() -> None:
    made = said(one("wristband", band()))
    assert made.refusal is None
    whole = bundle(made.drafts)
    assert invalid(whole) == []
    observed = [draft for draft in made.drafts if draft.resource["resourceType"] == "Observation"]
    observations = {draft.key.rpartition("|")[2]: draft.resource for draft in observed}
    pressure = observations["blood-pressure"]
    assert [part["valueQuantity"]["value"] for part in pressure["component"]] == [188, 116]
    assert {"system": MDC, "code": "150021", "display": "MDC_PRESS_BLD_NONINV_SYS"} in pressure["component"][0]["code"][
        "coding"
    ]
    assert observations["pulse"]["valueQuantity"]["code"] == "/min"
    assert {draft.patient for draft in made.drafts} == {"p1"}
    assert pressure["effectiveDateTime"] == "2026-03-05T01:30:00+00:00"


def test_a_reading_that_is_sent_again_has_the_same_identity_and_ids() -> None:
    first, again = one("wristband", band()), one("wristband", band(), NOW + timedelta(hours=3))
    assert first.identity == again.identity
    assert said(first).drafts == said(again).drafts
    later = one("wristband", band({"createTime": MILLISECONDS - 60_000}))
    assert later.identity != first.identity


@pytest.mark.parametrize(
    ("value", "form", "told"),
    [
        (MILLISECONDS, "epoch-milliseconds", ""),
        (MILLISECONDS // 1000, "epoch-seconds", ""),
        (MILLISECONDS // 1000, "epoch-milliseconds", "time-unit"),
        (MILLISECONDS, "epoch-seconds", "time-unit"),
        (str(MILLISECONDS), "epoch-milliseconds", ""),
        ("2026-03-05 09:30:00", "text", ""),
        ("2026/03/05 09:30", "text", ""),
        ("20260305093000", "text", ""),
        ("2026年3月5日 9:30", "text", ""),
        ("2026.3.5 9:30:00", "text", ""),
        (20260305093000, "text", ""),
        (MILLISECONDS, "text", "time-unit"),
        ("2026-03-05 09:30:00", "epoch-milliseconds", "time-unit"),
        ("2026-03-05T01:30:00Z", "text", ""),
    ],
)
def test_epochs_and_texts_name_the_same_instant(value: Any, form: Any, told: str) -> None:
    found = instant(value, form, "+08:00")
    assert found is not None
    assert (found.at, found.told) == (NOW, told)


@pytest.mark.parametrize("value", ["soon", "", None, [], "NaN", 12, 10**30, "1e999990", "1e999999999", "1e-999999999"])
def test_what_names_no_instant_is_told(value: Any) -> None:
    (error,) = taken("wristband", band({"createTime": value}))
    assert isinstance(error, HubError)
    assert error.code == "time"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "00010101000000", "9999-12-31T23:59:59-08:00"])
def test_the_ends_of_the_calendar_are_no_instants_of_a_reading(text: str) -> None:
    assert instant(text, "text", "+08:00") is None


def test_a_clock_eight_hours_fast_is_corrected_by_what_the_phone_says_of_itself() -> None:
    fast = 8 * 3_600_000
    yesterday = MILLISECONDS - 86_400_000
    payload = band({"createTime": yesterday + fast}, {}, sendTime=MILLISECONDS + fast)
    first, second = taken("wristband", payload)
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert first.when == NOW - timedelta(days=1)
    assert codes(first) == ["clock-fast"]
    assert second.when == NOW - timedelta(hours=8)


def test_a_reading_from_the_future_is_eight_hours_fast_or_nobodys_to_guess() -> None:
    found = one("wristband", band({"createTime": MILLISECONDS + 8 * 3_600_000}))
    assert (found.when, codes(found)) == (NOW, ["clock-fast"])
    (error,) = taken("wristband", band({"createTime": MILLISECONDS + 3 * 3_600_000}))
    assert isinstance(error, HubError)
    assert error.code == "future"
    assert corrected(NOW - timedelta(hours=8), NOW, NOW) == (NOW - timedelta(hours=8), "")


def meter(**changes: Any) -> Json:
    return {"sn": "G-1", "measureTime": "2026-03-05 09:00", "period": 1, "value": 7.4, "unit": "mmol/L", **changes}


@pytest.mark.parametrize(
    ("changes", "value", "told"),
    [
        ({}, "7.4", []),
        ({"value": 126, "unit": "mg/dL"}, "6.99", ["unit-converted"]),
        ({"unit": ""}, "7.4", ["unit-assumed"]),
        ({"value": "126", "unit": None}, "6.99", ["unit-inferred"]),
    ],
)
def test_glucose_is_in_the_unit_that_is_stated_or_told(changes: Json, value: str, told: list[str]) -> None:
    found = one("glucometer", meter(**changes))
    assert values(found) == {"fasting-glucose": Decimal(value)}
    assert codes(found) == told


@pytest.mark.parametrize("changes", [{"value": 126}, {"value": "E-3"}, {"value": 700, "unit": ""}, {"unit": "kg"}])
def test_what_is_implausible_in_its_unit_is_not_believed(changes: Json) -> None:
    found = one("glucometer", meter(**changes))
    assert found.values == ()
    assert [issue.severity for issue in found.issues] == ["error"]
    assert "126" not in found.issues[0].text


@pytest.mark.parametrize(("shown", "event"), [("LO", "glucose-too-low"), ("Hi", "glucose-too-high")])
def test_a_meter_beyond_its_reach_tells_of_an_event_and_no_fault(shown: str, event: str) -> None:
    found = one("glucometer", meter(value=shown))
    assert ([each.name for each in found.events], found.values, found.issues) == ([event], (), ())


def test_glucose_without_its_kind_is_glucose_and_a_kind_nobody_described_is_not() -> None:
    for kind in (2, "2", None, ""):
        assert values(one("glucometer", meter(period=kind))) == {"glucose": Decimal("7.4")}
    assert one("glucometer", meter(period=9)).values == ()


def test_a_kiosk_sends_nested_values_and_its_own_units() -> None:
    payload = {
        "kiosk": {"id": 7},
        "time": MILLISECONDS // 1000,
        "bp": {"high": 132, "low": 82},
        "body": {"weight": 125, "weightUnit": "斤", "height": 1.65},
    }
    found = values(one("health-kiosk", payload))
    assert (found["weight"], found["height"], found["systolic"]) == (Decimal("62.5"), Decimal(165), Decimal(132))


def test_a_device_is_its_wearers_for_a_time_and_then_anothers() -> None:
    change = NOW - timedelta(days=5)
    first = Binding(device="W-1", patient="P1", start=NOW - timedelta(days=30), end=change)
    second = Binding(device="W-1", patient="P2", start=change)
    who = [bound([first, second], when) for when in (change - timedelta(seconds=1), change, NOW)]
    assert who == ["P1", "P2", "P2"]
    assert bound([first, second], NOW - timedelta(days=31)) is None


def test_a_reading_of_nobodys_or_of_two_peoples_device_waits() -> None:
    found = one("wristband", band())
    other = Binding(device="W-1", patient="p2", start=NOW - timedelta(days=1))
    ended = Binding(device="W-1", patient="p1", start=NOW - timedelta(days=9), end=NOW)
    for bindings in ((P1, other), (ended,)):
        made = said(found, *bindings)
        assert made.drafts == ()
        assert made.refusal is not None
        assert made.refusal.code == UNBOUND


def test_a_reading_attached_by_a_binding_that_was_put_right_is_entered_in_error_where_it_stands() -> None:
    found = one("wristband", band())
    short = Binding(device="W-1", patient="p1", start=NOW - timedelta(days=9), end=NOW, claimed=NOW + timedelta(days=1))
    other = Binding(device="W-1", patient="p2", start=NOW)
    made = said(found, short, other)
    by_patient: dict[str, set[tuple[str, bool]]] = {"p1": set(), "p2": set()}
    for draft in made.drafts:
        if draft.resource["resourceType"] == "Observation" and draft.patient:
            by_patient[draft.patient].add((draft.resource["status"], draft.only_stored))
    assert by_patient == {"p1": {("entered-in-error", True)}, "p2": {("final", False)}}
    alone = said(found, short)
    assert alone.refusal is None
    assert [issue.code for issue in alone.issues] == ["device-withdrawn"]


def test_every_member_of_a_reading_is_accounted_for() -> None:
    found = one("wristband", band({"sbp": 900, "battery": 71}))
    rows = {row.source: (row.outcome, *row.targets) for row in said(found).report}
    assert rows == {
        "deviceNum": ("mapped", "Device.identifier.value"),
        "createTime": ("mapped", "Observation.effectiveDateTime"),
        "sbp": ("refused",),
        "dbp": ("mapped", "Observation.component.valueQuantity"),
        "pulse": ("mapped", "Observation.valueQuantity"),
        "battery": ("refused",),
    }


def test_a_reading_of_which_nothing_is_understood_is_refused() -> None:
    made = said(one("wristband", {"data": [{"deviceNum": "W-1", "createTime": MILLISECONDS, "steps": 900}]}))
    assert made.refusal is not None
    assert made.refusal.code == "nothing-measured"
    assert {row.outcome for row in made.report} == {"refused"}


def kiosk(**user: Any) -> Reading:
    payload = {"kiosk": {"id": "K-7"}, "time": MILLISECONDS // 1000, "bp": {"high": 132, "low": 82}, "user": user}
    return one("health-kiosk", payload)


def at_kiosk(found: Reading, *bindings: Binding) -> Translation:
    return translate(found, vendor("health-kiosk"), bindings, "F04", keyed_ids(PUBLIC_KEY))


def test_a_card_read_at_a_kiosk_says_who_was_measured() -> None:
    made = at_kiosk(kiosk(idCard="990122195804120960", name="沈桂兰"))
    assert made.refusal is None
    patient = keyed_ids(PUBLIC_KEY)("F04", "Patient", "|NNCHN", "990122195804120960")
    assert {draft.patient for draft in made.drafts} == {patient}
    (person,) = [draft.resource for draft in made.drafts if draft.resource["resourceType"] == "Patient"]
    assert person["identifier"][0]["value"] == "990122195804120960"
    assert person["name"] == [{"text": "沈桂兰"}]
    assert invalid(bundle(made.drafts)) == []
    targets = {row.source: row.targets for row in made.report}
    assert targets["user.idCard"] == ("Patient.identifier",)
    message = json.dumps({"reading": {"kiosk": {"id": "K-7"}, "time": 1772674200, "user": {"idCard": "x"}}}).encode()
    assert feed.envelope_reader(vendor("health-kiosk"))(message).lanes == ("K-7", "X")


def test_a_number_that_is_none_and_a_device_that_is_anothers_make_nobodys_reading() -> None:
    with pytest.raises(HubError, match="no citizen id") as caught:
        at_kiosk(kiosk(idCard="990122195804120961"))
    assert "990122195804120961" not in str(caught.value)
    bound_to = Binding(device="K-7", patient="somebody", start=NOW - timedelta(hours=1))
    made = at_kiosk(kiosk(idCard="990122195804120960"), bound_to)
    assert made.refusal is not None
    assert made.refusal.code == "two-subjects"
    # A name alone is nobody: the kiosk's session, or no one.
    named = at_kiosk(kiosk(name="沈桂兰"))
    assert named.refusal is not None
    assert named.refusal.code == UNBOUND
    assert at_kiosk(kiosk(name="沈桂兰"), bound_to).refusal is None


def test_a_fall_is_an_observation_without_a_value_that_could_be_doubted() -> None:
    found = one("wristband", {"data": [{"deviceNum": "W-1", "createTime": MILLISECONDS, "type": "fall"}]})
    made = said(found)
    assert made.refusal is None
    (fall,) = [draft.resource for draft in made.drafts if draft.resource["resourceType"] == "Observation"]
    assert fall["code"]["coding"] == [{"system": EVENTS, "code": "fall", "display": "跌倒"}]
    assert fall["valueBoolean"] is True
    assert found.identity.endswith("|fall")
    assert {row.source: row.outcome for row in made.report}["type"] == "mapped"


def test_a_message_means_the_same_whenever_it_is_read_and_sent_twice_is_the_same_bytes() -> None:
    fast = band({"createTime": MILLISECONDS + 8 * 3_600_000})
    first, again = (
        list(feed.messages(json.dumps(fast).encode(), vendor("wristband"), NOW + timedelta(minutes=by)))
        for by in (0, 10)
    )
    assert first == again
    envelope = feed.envelope_reader(vendor("wristband"))(first[0][1])
    assert envelope.lanes == ("W-1",)
    assert envelope.identity.startswith("W-1|2026-03-05T01:30:00+00:00|")
    (part,) = feed.dissector(vendor("wristband"))(first[0][1])
    assert ("reading.sbp", "收缩压", "188") in {(leaf.at, leaf.name, leaf.text) for leaf in part.parts}


def test_a_vendor_map_extends_one_that_comes_with_the_hub(tmp_path: Path) -> None:
    file = tmp_path / "bands.yaml"
    file.write_text(
        "name: f04-bands\nextends: wristband\ntime: {path: at, form: text}\nmeasures:\n"
        "  - {name: steps, text: 步数, path: steps, unit: '{steps}', range: [0, 90000], category: activity}\n",
        encoding="utf-8",
    )
    found = load(file)
    assert (found.name, found.device, found.time) == ("f04-bands", "deviceNum", "at")
    assert {"steps", "systolic"} <= {measure.name for measure in found.measures}
    for text, complaint in (
        ("name: x\nextends: nobody\n", ":2: extends"),
        ("name: x\ndevice: sn\n", "time is missing"),
        ("name: x\nextends: wristband\nmeasures: [{name: y}]\n", ":3: measures.0"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(HubError, match=complaint):
            load(file)


def test_one_bad_reading_does_not_cost_the_others() -> None:
    found = taken("wristband", band({"deviceNum": ""}, {}, {"createTime": "?"}))
    assert [each.code if isinstance(each, HubError) else "" for each in found] == ["device", "", "time"]
    with pytest.raises(HubError, match="no list of readings"):
        taken("wristband", {"data": {}})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)


@given(ANYTHING)
@settings(max_examples=40)
def test_no_value_brings_a_reading_down(value: Any) -> None:
    for each in taken("wristband", band({"sbp": value, "createTime": value}, {"sbp": value})):
        assert isinstance(each, (Reading, HubError))


PCD_01 = (
    "MSH|^~\\&|GATEWAY^1234560000000001^EUI-64|F04|HUB|YILIAN|20260305093000+0800||ORU^R01^ORU_R01|D1|P|2.6|||NE|AL\r"
    "PID|||990122195804120960^^^^SFZH||沈桂兰^^^^^^L\r"
    "OBR|1|AB1^GATEWAY^1234560000000001^EUI-64|CD1^GATEWAY^1234560000000001^EUI-64|182777000^monitoring of patient^"
    "SNOMED-CT|||20260305092900+0800\r"
    "OBX|1|CWE|68220^MDC_TIME_SYNC_PROTOCOL^MDC|0.0.0.1|532224^MDC_TIME_SYNC_NONE^MDC||||||R\r"
    "OBX|2||528391^MDC_DEV_SPEC_PROFILE_BP^MDC|1|||||||X|||||||5678EF^^5678EF^EUI-64\r"
    "OBX|3||150020^MDC_PRESS_BLD_NONINV^MDC|1.0.1|||||||X|||20260305092900+0800\r"
    "OBX|4|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.0.1.1|158|266016^MDC_DIM_MMHG^MDC|||||R\r"
    "OBX|5|NM|150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.0.1.2|96|266016^MDC_DIM_MMHG^MDC|||||R\r"
)


def test_pcd_01_is_understood_by_the_hl7_v2_mapping() -> None:
    (line,) = convert("pcd", PCD_01.encode())
    found = [entry["resource"] for entry in line["bundle"]["entry"]]
    observed = [each for each in found if each["resourceType"] == "Observation"]
    by_code = {each["code"]["coding"][0]["code"]: each for each in observed}
    assert by_code["150021"]["valueQuantity"]["value"] == 158
    assert by_code["150021"]["code"]["coding"][0]["system"] == MDC
    assert by_code["150021"]["effectiveDateTime"].startswith("2026-03-05T09:29:00")
    assert [issue for issue in line["issues"] if issue["severity"] == "fatal"] == []


def test_a_pressure_whose_values_are_turned_is_not_believed() -> None:
    found = one("wristband", {"data": [{**BAND, "sbp": 80, "dbp": 120}]})
    assert [measure.name for measure, _ in found.values] == ["pulse"]
    assert [(issue.severity, issue.code) for issue in found.issues] == [("error", "pressure-order")]


def test_a_reading_that_stands_in_no_list_is_one_reading() -> None:
    assert one("wristband", BAND).identity == one("wristband", {"data": [BAND]}).identity

"""Index values of resources, parameter type by parameter type."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.extract import IndexValues, extract
from hub.fhir.json import loads
from hub.fhir.search_parameters import RESOURCE_TYPES, parameters
from hub.kernel.types import Json

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"


def of(rows: list[Any], code: str) -> list[Any]:
    """The rows of one parameter, without its codes."""
    return [row[1:] for row in rows if code in row[0]]


def observation(**elements: Any) -> IndexValues:
    return extract({"resourceType": "Observation", "status": "final", **elements})


def patient(**elements: Any) -> IndexValues:
    return extract({"resourceType": "Patient", "id": "p1", **elements})


CODE = {"coding": [{"system": LOINC, "code": "8867-4", "display": "Heart rate"}, {"code": "XL"}], "text": "心率"}


def test_a_concept_is_found_by_every_coding_and_by_its_text() -> None:
    assert of(observation(code=CODE).tokens, "code") == [
        (LOINC, "8867-4", "Heart rate"),
        (None, "XL", None),
        (None, None, "心率"),
    ]


def test_a_code_has_the_system_its_value_set_implies() -> None:
    assert of(patient(gender="female").tokens, "gender") == [
        ("http://hl7.org/fhir/administrative-gender", "female", None)
    ]


def test_an_identifier_is_found_by_number_and_by_type_with_number() -> None:
    kind = {"coding": [{"system": "urn:v2", "code": "MR"}], "text": "病案号"}
    found = patient(identifier=[{"system": "urn:f01", "value": "A1", "type": kind}, {"value": "B2"}])
    assert of(found.tokens, "identifier") == [("urn:f01", "A1", "病案号"), (None, "B2", None)]
    assert of(found.identifiers_of_type, "identifier") == [("urn:v2", "MR", "A1")]


def test_a_phone_is_found_by_phone_and_by_telecom_but_not_by_email() -> None:
    found = patient(telecom=[{"system": "phone", "value": "139"}, {"system": "email", "value": "a@example.org"}])
    assert of(found.tokens, "phone") == [(None, "139", None)]
    assert of(found.tokens, "email") == [(None, "a@example.org", None)]
    assert len(of(found.tokens, "telecom")) == 2


@pytest.mark.parametrize(
    ("elements", "deceased"),
    [
        ({}, "false"),
        ({"deceasedBoolean": False}, "false"),
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedDateTime": "2020-01-01"}, "true"),
    ],
)
def test_deceased_is_true_for_a_date_too_and_false_where_nothing_is_said(elements: Json, deceased: str) -> None:
    assert of(patient(**elements).tokens, "deceased") == [(None, deceased, None)]


def test_labels_and_profiles_are_found() -> None:
    meta = {
        "tag": [{"code": "t"}],
        "security": [{"system": "s", "code": "R"}],
        "profile": ["http://p|1"],
        "source": "#m",
    }
    found = patient(meta=meta)
    assert of(found.tokens, "_tag") == [(None, "t", None)]
    assert of(found.tokens, "_security") == [("s", "R", None)]
    assert of(found.uris, "_profile") == [("http://p|1",), ("http://p",)]
    assert of(found.uris, "_source") == [("#m",)]


def test_id_and_last_update_are_left_to_the_store() -> None:
    found = patient(meta={"lastUpdated": "2020-01-01T00:00:00Z"})
    assert of(found.tokens, "_id") == []
    assert found.dates == []


def test_a_local_reference_gives_type_and_id_whatever_its_version() -> None:
    found = observation(subject={"reference": "Patient/p1/_history/3"})
    assert of(found.references, "subject") == [("Patient", "p1", None)]
    assert of(found.references, "patient") == [("Patient", "p1", None)]


def test_patient_finds_only_what_is_about_a_patient() -> None:
    found = observation(subject={"reference": "Device/d1"})
    assert of(found.references, "subject") == [("Device", "d1", None)]
    assert of(found.references, "patient") == []


@pytest.mark.parametrize(
    "text", ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "http://other.example.org/fhir/Patient/p1", "Letter/1"]
)
def test_any_other_reference_is_found_by_its_text(text: str) -> None:
    assert of(observation(subject={"reference": text}).references, "subject") == [(None, None, text)]


def test_a_contained_reference_is_there() -> None:
    found = observation(subject={"reference": "#p"})
    assert of(found.references, "subject") == [(None, None, "#p")]
    assert found.skipped == 0


def test_a_logical_reference_is_found_by_its_identifier_and_its_stated_type() -> None:
    found = observation(subject={"type": "Patient", "identifier": {"system": "urn:f01", "value": "A1"}})
    assert of(found.reference_identifiers, "patient") == [("urn:f01", "A1")]


@pytest.mark.parametrize(("performer", "found"), [("Organization/F01", True), ("Patient/p1", False)])
def test_an_identifier_beside_a_reference_is_found_unless_it_may_tell_of_a_patient(performer: str, found: bool) -> None:
    both = {"reference": performer, "identifier": {"system": "urn:f01", "value": "A1"}}
    assert bool(of(observation(performer=[both]).reference_identifiers, "performer")) is found


def test_a_canonical_is_told_as_it_stands() -> None:
    found = extract({"resourceType": "CarePlan", "instantiatesCanonical": ["http://plan|2", "http://other"]})
    assert of(found.references, "instantiates-canonical") == [
        (None, None, "http://plan|2"),
        (None, None, "http://other"),
    ]


def test_the_first_resource_of_a_bundle_is_found_by_its_kind() -> None:
    entry = [{"resource": {"resourceType": "MessageHeader", "id": "m"}}, {"resource": {"resourceType": "Composition"}}]
    found = extract({"resourceType": "Bundle", "type": "message", "entry": entry})
    assert of(found.references, "message") == [("MessageHeader", "m", None)]
    assert of(found.references, "composition") == []


def test_a_name_and_an_address_are_found_by_every_part() -> None:
    found = patient(
        name=[{"text": "王小红", "family": "王", "given": ["小红", None], "prefix": ["Dr"]}],
        address=[{"line": ["1 Road"], "city": "Linze", "postalCode": "734200", "use": "home"}],
    )
    assert of(found.strings, "name") == [("王小红",), ("王",), ("小红",), ("Dr",)]
    assert of(found.strings, "family") == [("王",)]
    assert of(found.strings, "address") == [("1 Road",), ("Linze",), ("734200",)]
    assert of(found.strings, "address-city") == [("Linze",)]
    assert found.skipped == 0


def test_the_text_of_a_coded_value_is_found_as_a_string() -> None:
    assert of(observation(valueCodeableConcept={"text": "O+"}).strings, "value-string") == [("O+",)]
    assert of(observation(valueString="clear").strings, "value-string") == [("clear",)]


def test_dates_of_every_type_become_ranges() -> None:
    day = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert of(observation(effectiveDateTime="2020-01-01T00:00:00Z").dates, "date") == [day]
    period = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-01T00:00:00Z"}
    assert of(observation(effectivePeriod=period).dates, "date") == [day]
    assert of(observation(effectivePeriod={"start": "2020-01-01T00:00:00Z"}).dates, "date") == [(day[0], None)]
    timing = {"event": ["2020-01-03T00:00:00Z", "2020-01-01T00:00:00Z"]}
    assert of(observation(effectiveTiming=timing).dates, "date") == [
        (day[0], datetime(2020, 1, 3, 0, 0, 1, tzinfo=UTC))
    ]
    bounds = {"repeat": {"boundsPeriod": {"start": "2020-01-01T00:00:00Z"}}}
    assert of(observation(effectiveTiming=bounds).dates, "date") == [(day[0], None)]


def test_an_instant_has_no_width() -> None:
    (low, high), *_ = of(observation(effectiveInstant="2020-01-01T00:00:00Z").dates, "date")
    assert (high - low).microseconds == 1


def test_a_choice_the_parameter_does_not_search_gives_no_row() -> None:
    found = extract({"resourceType": "Immunization", "occurrenceString": "last spring"})
    assert found.dates == []
    assert found.skipped == 0


@pytest.mark.parametrize(
    ("comparator", "low", "high"),
    [(None, "7.20", "7.20"), ("<", None, "7.20"), ("<=", None, "7.20"), (">", "7.20", None), (">=", "7.20", None)],
)
def test_a_quantity_is_a_point_unless_a_comparator_opens_it(
    comparator: str | None, low: str | None, high: str | None
) -> None:
    value = {"value": Decimal("7.20"), "unit": "mmol/L", "system": UCUM, "code": "mmol/L"}
    found = observation(valueQuantity={**value, **({"comparator": comparator} if comparator else {})})
    ends = (Decimal(low) if low else None, Decimal(high) if high else None)
    assert of(found.quantities, "value-quantity") == [(*ends, Decimal("7.20"), UCUM, "mmol/L", "mmol/L")]


def test_sampled_data_is_the_range_its_points_cover() -> None:
    origin = {"value": 100, "system": UCUM, "code": "mV"}
    found = observation(valueSampledData={"origin": origin, "factor": Decimal("0.5"), "data": "1 -2 E 4"})
    assert of(found.quantities, "value-quantity") == [(Decimal("99"), Decimal("102"), None, UCUM, "mV", None)]


def test_money_has_its_currency_and_a_range_its_ends() -> None:
    invoice = extract({"resourceType": "Invoice", "totalGross": {"value": Decimal("12.5"), "currency": "CNY"}})
    currency = "urn:iso:std:iso:4217"
    assert of(invoice.quantities, "totalgross") == [(*[Decimal("12.5")] * 3, currency, "CNY", "CNY")]
    age = {"low": {"value": 40, "system": UCUM, "code": "a"}}
    condition = extract({"resourceType": "Condition", "onsetRange": age})
    assert of(condition.quantities, "onset-age") == [(Decimal(40), None, None, UCUM, "a", None)]


def test_numbers_and_ranges_of_numbers_are_found() -> None:
    prediction = [{"probabilityDecimal": Decimal("0.8")}, {"probabilityRange": {"low": {"value": 1}}}]
    found = extract({"resourceType": "RiskAssessment", "prediction": prediction})
    assert of(found.numbers, "probability") == [(Decimal("0.8"), Decimal("0.8")), (Decimal(1), None)]


def test_a_place_is_found_by_its_position() -> None:
    found = extract({"resourceType": "Location", "position": {"latitude": Decimal("39.15"), "longitude": 100}})
    assert of(found.positions, "near") == [(Decimal("39.15"), Decimal(100))]


def test_a_composite_pairs_what_stands_in_one_item() -> None:
    def component(code: str, value: int) -> Json:
        return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value}}

    found = observation(code=CODE, component=[component("8480-6", 120), component("8462-4", 80)])
    pairs = [
        (first[2], second[3])
        for (first, second) in (row[0] for row in of(found.composites, "component-code-value-quantity"))
    ]
    assert pairs == [("8480-6", 120), ("8462-4", 80)]
    assert of(found.composites, "combo-code-value-quantity") == of(found.composites, "component-code-value-quantity")
    assert of(found.composites, "code-value-quantity") == []


def test_a_composite_has_one_row_for_each_combination_of_codings() -> None:
    found = observation(code=CODE, valueCodeableConcept={"coding": [{"code": "a"}]})
    assert of(found.composites, "code-value-concept") == [
        ((("token", LOINC, "8867-4", "Heart rate"), ("token", None, "a", None)),),
        ((("token", None, "XL", None), ("token", None, "a", None)),),
    ]


def test_a_component_may_be_read_from_the_root_of_the_resource() -> None:
    sequence = {"referenceSeq": {"chromosome": {"coding": [{"code": "7"}]}}, "variant": [{"start": 1, "end": 2}]}
    found = extract({"resourceType": "MolecularSequence", **sequence})
    assert of(found.composites, "chromosome-variant-coordinate") == [
        ((("token", None, "7", None), ("number", Decimal(1), Decimal(1)), ("number", Decimal(2), Decimal(2))),)
    ]


@pytest.mark.parametrize(
    "elements",
    [
        {"code": "8867-4"},
        {"code": {"coding": ["x"]}},
        {"code": {"coding": [{"code": 5}]}},
        {"code": {"text": "a\0b"}},
        {"effectiveDateTime": "yesterday"},
        {"effectivePeriod": "2020"},
        {"valueQuantity": {"value": "7"}},
        {"valueQuantity": {"value": True}},
        {"valueQuantity": {"value": Decimal("1e999999")}},
        {"subject": "Patient/p1"},
        {"component": ["x"]},
        {"meta": [1]},
    ],
)
def test_a_value_of_an_odd_shape_is_skipped_and_counted(elements: Json) -> None:
    assert observation(**elements).skipped > 0


def test_a_resource_without_a_known_type_has_no_values() -> None:
    assert extract({"resourceType": "Letter"}) == IndexValues()
    assert extract({}).skipped == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=True) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["coding", "code", "value", "low", "start", "reference", "system"]), inner)
    ),
    max_leaves=8,
)
KEYS = [
    "code",
    "component",
    "subject",
    "effectivePeriod",
    "effectiveTiming",
    "valueQuantity",
    "valueRange",
    "valueSampledData",
    "identifier",
    "name",
    "telecom",
    "address",
    "deceasedBoolean",
    "meta",
    "entry",
    "position",
]


@given(
    st.sampled_from(["Observation", "Patient", "Bundle", "Location"]),
    st.dictionaries(st.sampled_from(KEYS), json_values),
)
def test_no_content_whatever_makes_extraction_raise(rtype: str, elements: Json) -> None:
    extract({**elements, "resourceType": rtype})


def test_every_type_of_r4_extracts_from_an_empty_resource() -> None:
    for rtype in RESOURCE_TYPES:
        assert extract({"resourceType": rtype}).skipped == 0


def test_every_value_of_the_synthea_patients_is_understood(shared: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json")):
        for entry in loads(path.read_bytes())["entry"]:
            resource = entry["resource"]
            values = extract(resource)
            assert values.skipped == 0, (path.name, resource["id"])
            known = parameters(resource["resourceType"])
            lists: list[list[Any]] = [values.tokens, values.references, values.strings, values.dates, values.quantities]
            seen.update((known[code].type, code) for rows in lists for row in rows for code in row[0])
    assert {kind for kind, _ in seen} == {"token", "reference", "string", "date", "quantity"}
    assert len(seen) > 60

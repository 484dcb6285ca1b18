"""XML and JSON of FHIR are two forms of one resource (R4 xml.html, json.html): nothing is lost either way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.fhir.json import canonical, dumps, loads
from hub.fhir.structure import RESOURCE_TYPES, structure
from hub.fhir.table import read_table
from hub.fhir.xml import read_xml, write_xml
from hub.fhir.xml.layout import layout
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from tests.fhir.any_resource import any_resource
from tests.fhir.cases import VALID

#: Every type with elements.
TYPES = sorted(read_table("structure"))
#: What R4B wrote anew.
REWRITTEN = {"Evidence", "EvidenceVariable"}

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.mark.parametrize("rtype", sorted(RESOURCE_TYPES))
@settings(max_examples=4, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_resource_of_every_type_comes_back_as_it_was(rtype: str, data: st.DataObject) -> None:
    resource = data.draw(any_resource(rtype))
    assert canonical(read_xml(write_xml(resource))) == canonical(resource)


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(resource=any_resource(), pretty=st.booleans())
def test_what_is_written_is_the_same_after_another_round(resource: Json, pretty: bool) -> None:
    written = write_xml(resource, pretty=pretty)
    assert write_xml(read_xml(written), pretty=pretty) == written
    assert canonical(read_xml(written)) == canonical(resource)


def test_every_resource_of_the_synthea_patients_comes_back_as_it_was(shared: Path) -> None:
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json")):
        bundle = loads(path.read_bytes())
        assert canonical(read_xml(write_xml(bundle))) == canonical(bundle), path.name


def test_the_form_is_that_of_the_specification() -> None:
    resource = {
        "maritalStatus": {"id": "m1", "text": "widowed"},
        "birthDate": "1958-04-12",
        "_birthDate": {"id": "b", "extension": [{"url": "urn:x:time", "valueDateTime": "1958-04-12T08:00:00+08:00"}]},
        "name": [{"given": ["桂兰", None], "_given": [None, {"extension": [{"url": "urn:x:no", "valueCode": "n"}]}]}],
        "active": True,
        "contained": [{"resourceType": "Organization", "id": "o1"}],
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><b>沈</b> x</div>'},
        "id": "p1",
        "resourceType": "Patient",
    }
    assert write_xml(resource, pretty=True).decode() == (
        """<?xml version='1.0' encoding='UTF-8'?>
<Patient xmlns="http://hl7.org/fhir">
  <id value="p1"/>
  <text>
    <status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml"><b>沈</b> x</div>
  </text>
  <contained>
    <Organization>
      <id value="o1"/>
    </Organization>
  </contained>
  <active value="true"/>
  <name>
    <given value="桂兰"/>
    <given>
      <extension url="urn:x:no">
        <valueCode value="n"/>
      </extension>
    </given>
  </name>
  <birthDate value="1958-04-12" id="b">
    <extension url="urn:x:time">
      <valueDateTime value="1958-04-12T08:00:00+08:00"/>
    </extension>
  </birthDate>
  <maritalStatus id="m1">
    <text value="widowed"/>
  </maritalStatus>
</Patient>"""
    )
    assert canonical(read_xml(write_xml(resource))) == canonical(resource)


@pytest.mark.parametrize("text", ["1.10", "0.00", "185", "-7", "1E+3", "1.0E-9", "100000000000000000000000.5"])
def test_a_decimal_keeps_its_digits(text: str) -> None:
    written = f'<Quantity><value value="{text}"/></Quantity>'
    document = f'<Observation xmlns="http://hl7.org/fhir">{written.replace("Quantity", "valueQuantity")}</Observation>'
    resource = read_xml(document.encode())
    assert dumps(resource) == b'{"resourceType":"Observation","valueQuantity":{"value":%b}}' % text.encode()
    assert f'value="{text}"'.encode() in write_xml(resource)


def test_booleans_and_whole_numbers_have_the_types_of_the_table() -> None:
    document = b"""<Patient xmlns="http://hl7.org/fhir"><active value="false"/><multipleBirthInteger value="2"/>
        <telecom><value value="2"/><rank value="1"/></telecom></Patient>"""
    assert read_xml(document) == {
        "resourceType": "Patient",
        "active": False,
        "multipleBirthInteger": 2,
        "telecom": [{"value": "2", "rank": 1}],
    }


def test_resources_stand_in_bundles_and_parameters_under_their_own_names() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [
            {
                "resource": {"resourceType": "Parameters", "parameter": [{"name": "n", "valueInteger": 1}]},
                "response": {"status": "200", "outcome": {"resourceType": "OperationOutcome", "issue": []}},
            }
        ],
    }
    del bundle["entry"][0]["response"]["outcome"]["issue"]  # type: ignore[index]
    document = etree.fromstring(write_xml(bundle))
    space = {"f": "http://hl7.org/fhir"}
    assert len(document.xpath("f:entry/f:resource/f:Parameters/f:parameter/f:name", namespaces=space)) == 1
    assert len(document.xpath("f:entry/f:response/f:outcome/f:OperationOutcome", namespaces=space)) == 1
    assert read_xml(write_xml(bundle)) == bundle


@pytest.mark.parametrize("name", [name for name in VALID if not name.startswith("a gap in a list")])
def test_a_peer_reads_the_xml_as_it_reads_the_json(name: str) -> None:
    """fhir.resources has models of R4B, which agree with R4 on the types of these cases; it loses gaps in lists."""
    resource = VALID[name]
    model = get_fhir_model_class(resource["resourceType"])
    from_xml, from_json = model.model_validate_xml(write_xml(resource)), model.model_validate_json(dumps(resource))
    assert from_xml.model_dump_json() == from_json.model_dump_json()


def test_a_peer_reads_and_writes_the_xml_of_the_synthea_patients(shared: Path) -> None:
    """One resource of every type: what the peer reads from our XML, and we from its."""
    first: dict[str, Json] = {}
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json"))[:5]:
        for entry in loads(path.read_bytes())["entry"]:
            first.setdefault(entry["resource"]["resourceType"], entry["resource"])
    assert len(first) > 10
    for rtype, resource in first.items():
        model = get_fhir_model_class(rtype)
        theirs = model.model_validate_json(dumps(resource))
        assert model.model_validate_xml(write_xml(resource)).model_dump_json() == theirs.model_dump_json(), rtype
        ours = read_xml(cast(bytes, theirs.model_dump_xml()))  # 5 has become 5.0, and an instant has more digits
        assert model.model_validate_json(dumps(ours)) == theirs, rtype


def test_the_elements_of_every_type_stand_in_the_order_a_peer_has_too() -> None:
    differing = set()
    for name in TYPES:
        try:
            theirs = get_fhir_model_class("".join(part[0].upper() + part[1:] for part in name.split(".")))
        except ValueError:
            continue  # a type R4B has no more
        order = [field.removesuffix("_fhir") for field in theirs.elements_sequence()]
        ours = [field.name for field in layout(name).fields]
        if [field for field in ours if field in order] != [field for field in order if field in ours]:
            differing.add(name)
    assert differing == REWRITTEN


def test_an_element_of_a_later_definition_stands_where_r4_has_it() -> None:
    found = structure("EvidenceVariable.characteristic")
    assert found is not None
    assert list(found.elements)[3:6] == ["description", "definition", "usageContext"]


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ({"resourceType": "Patient", "nonsense": 1}, "Patient.nonsense"),
        ({"resourceType": "Patient", "name": [{"given": ["a"]}, {"nick": "b"}]}, "Patient.name[1].nick"),
        ({"resourceType": "Patient", "name": [{"not a name, a value": 1}]}, "Patient.name[0]"),
        ({"resourceType": "Patient", "name": {"family": "a"}}, "Patient.name"),
        ({"resourceType": "Patient", "gender": {"a": 1}}, "Patient.gender"),
        ({"resourceType": "Patient", "contained": [{"resourceType": "Nobody"}]}, "Patient.contained[0]"),
        ({"resourceType": "Patient", "maritalStatus": {"resourceType": "x"}}, "Patient.maritalStatus.resourceType"),
        ({"resourceType": "Patient", "gender": "\u0001", "_gender": ["x"]}, "Patient.gender"),
        ({"resourceType": "Patient", "gender": "\u0001", "_gender": {"extension": 1}}, "Patient.gender"),
        ({"resourceType": "Patient", "gender": "male", "_gender": "x"}, "Patient.gender"),
        ({"resourceType": "Patient", "name": [{"given": "a"}]}, "Patient.name[0].given"),
        ({"resourceType": "Patient", "text": {"status": "empty", "div": None}}, "Patient.text.div"),
    ],
)
def test_what_r4_does_not_have_is_not_written_but_named(resource: Json, where: str) -> None:
    with pytest.raises(HubError) as caught:
        write_xml(resource)
    assert (caught.value.code, caught.value.where) == ("not-acceptable", where)


def test_numbers_of_the_store_are_written_as_they_are() -> None:
    resource = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("0.0000001")}}
    assert canonical(read_xml(write_xml(resource))) == canonical(resource)


def test_comments_of_a_narrative_are_kept_both_ways() -> None:
    """Its text is JSON's as it stands; what HTML lets a comment say and XML does not is told apart by blanks."""
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><!-- a -->b<p>c<!-- d --></p></div>'
    kept = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    assert read_xml(write_xml(kept)) == kept
    odd = {**kept, "text": {"status": "generated", "div": "<div>a<br>b<!-- c--d- --->e</div>"}}
    told = read_xml(write_xml(odd))["text"]["div"]
    assert told.startswith('<div xmlns="http://www.w3.org/1999/xhtml">a<br/>b<!-- c')
    assert told.endswith("-->e</div>")

"""Decimals keep their written form, whatever is done to a body (R4 json.html#primitive, datatypes.html#decimal)."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal

import pytest
from hypothesis import given

from hub.api.json_limits import parse
from hub.fhir import subset
from hub.fhir.extract import extract
from hub.fhir.json import canonical, dumps, loads
from hub.fhir.validate import validate
from hub.fhir.xml import read_xml, write_xml
from hub.kernel.types import Json
from mappings.hl7v2.datatypes import numbers
from tests.fhir.cases import observation
from tests.fhir.decimals import DECIMAL_TEXTS, ODD


def measured(text: str) -> Json:
    made: Json = loads(dumps(observation()).replace(b"72.0", text.encode()))
    return made


def value_in(resource: Json) -> str:
    return dumps(resource["valueQuantity"]["value"]).decode()


@given(text=DECIMAL_TEXTS)
def test_a_decimal_is_written_as_it_was_read(text: str) -> None:
    body = b'{"value":%s}' % text.encode()
    for read in (loads, parse):
        assert dumps(read(body)) == canonical(read(body)) == body
        assert read(body)["value"] == Decimal(text)


@given(text=DECIMAL_TEXTS)
def test_a_decimal_is_the_same_in_xml_and_back(text: str) -> None:
    written = write_xml(measured(text))
    assert f'<value value="{text}"/>'.encode() in written
    assert value_in(read_xml(written)) == text


@given(text=DECIMAL_TEXTS)
def test_a_decimal_stays_in_a_part_and_in_a_copy_of_a_body(text: str) -> None:
    whole = measured(text)
    parts = [subset.summary(whole), subset.only(whole, ["value"]), subset.data(whole)]
    copies = [copy.copy(whole), copy.deepcopy(whole), pickle.loads(pickle.dumps(whole))]  # noqa: S301  # our own
    assert {value_in(made) for made in parts + copies} == {text}


@pytest.mark.parametrize("text", ODD)
def test_an_odd_decimal_is_a_number_like_any_other(text: str) -> None:
    resource, plain = measured(text), observation()
    plain["valueQuantity"]["value"] = Decimal(text)
    assert validate(resource) == []
    assert extract(resource).quantities == extract(plain).quantities
    assert {type(number) for row in extract(resource).quantities for number in row[1:4]} == {Decimal}
    assert loads(text) + 1 == Decimal(text) + 1


def test_a_number_of_hl7_keeps_the_digits_it_was_sent_with() -> None:
    found = numbers.decimal("+.00000010")
    assert found is not None
    assert (dumps(found[0]), found[1]) == (b"0.00000010", False)

"""Compiled consents survive being stored, and those of another configuration are not misread."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.compiler import CompiledConsent, compile_consents
from consent.configuration import DEFAULT, Configuration
from consent.packed import STAMP_BYTES, pack, stamp, unpack
from hub.fhir.json import loads
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from tests.consent.strategies import consents

_HEADS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["c1", "c2"]),
        "meta": st.sampled_from([{"versionId": "007"}, {"versionId": "x"}, {}]),
        "status": st.sampled_from(["active", "inactive", "", None]),
        "identifier": st.lists(st.sampled_from([{"value": "a"}, {"system": "s", "value": "a"}]), max_size=2),
        "dateTime": st.sampled_from(["9999-12-31", "2026-05-20T09:00:00.123456789+08:00", "2026-05-20T09:00", "0001"]),
        "performer": st.lists(st.sampled_from([{"reference": "Patient/w"}, {"display": "she"}]), max_size=2),
        "modifierExtension": st.just([{"url": "x"}]),
    },
)


def _compiled(*documents: Json) -> list[CompiledConsent]:
    return list(compile_consents(list(documents)))


@given(consents(), _HEADS)
def test_what_comes_back_is_what_was_packed(consent: Json, head: Json) -> None:
    (compiled,) = _compiled({**consent, **head})
    assert unpack(pack(compiled, DEFAULT), DEFAULT) == compiled


def test_the_worked_examples_come_back_as_they_were(shared: Path) -> None:
    examples = loads((shared / "consent-examples.json").read_bytes())
    compiled = _compiled(*(consent for case in examples["cases"] for consent in case["consents"]))
    assert len(compiled) > 10
    assert [unpack(pack(one, DEFAULT), DEFAULT) for one in compiled] == compiled


def test_bytes_of_another_configuration_are_refused() -> None:
    elsewhere = Configuration(base_urls=("https://hub.example/fhir",))
    packed = pack(_compiled({"resourceType": "Consent", "id": "c"})[0], DEFAULT)
    assert packed.startswith(stamp(DEFAULT)) and len(stamp(DEFAULT)) == STAMP_BYTES
    with pytest.raises(HubError) as refused:
        unpack(packed, elsewhere)
    assert refused.value.code == "consent-form"

"""No value of a message leaves the workbench masked: not by its text, its parts, its differences, nor by FHIR."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Json
from hub.pipeline.differences import changed_paths, differences
from hub.pipeline.fhir_mask import Mask
from hub.pipeline.mask import STRUCTURE, hidden_part, masked, shown_text
from mappings.hl7v2.dissect import dissector
from mappings.hl7v2.given import given as given_by_the_mapping
from mappings.hl7v2.habits import CANONICAL_BASE
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator

TAKE_APART: Final = dissector(DEFAULT)
TRANSLATE: Final = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
GIVEN: Final = given_by_the_mapping(DEFAULT, CANONICAL_BASE)

_HEADS: Final = {"ADT^A08": ("EVN", "PID", "NK1", "PV1", "AL1", "DG1", "ZPD"), "ORU^R01": ("PID", "OBR", "OBX", "NTE")}
#: What people write: names, numbers, days, codes, texts. None of them is a word of FHIR or of the hub.
_SECRETS: Final = st.one_of(
    st.text("沈桂兰方知远柳溪镇", min_size=4, max_size=6),
    st.from_regex(r"9901[0-9]{4,14}", fullmatch=True),
    st.from_regex(r"19[5-9][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9])", fullmatch=True),
    st.from_regex(r"[QXZ][a-z]{2}[QXZ][a-z]{0,6}", fullmatch=True),
    st.from_regex(r"[QXZ][0-9]{2}\.[0-9x]{2,3}", fullmatch=True),
)
#: Kinds and systems a sender may name beside a value.
_WORDS: Final = st.sampled_from(("", "", "LN", "SCT", "L", "MR", "SFZH", "F", "1", "NM", "CWE", "ST", "99ZZZ"))


@st.composite
def fields(draw: st.DrawFn, segment: str, secrets: set[str]) -> str:
    """The fields of a segment: values, some with words beside them, in the places a message may have them."""
    texts = []
    for n in range(1, draw(st.integers(3, 30))):
        if n in STRUCTURE.get(segment, {}):
            texts.append(draw(st.sampled_from(("", "A01", "RE", "NM", "ST", "F"))))
        elif draw(st.booleans()):
            texts.append("")
        else:
            values = draw(st.lists(_SECRETS, min_size=1, max_size=3))
            secrets.update(values)
            mark = draw(st.sampled_from("^~&"))
            texts.append(mark.join([*values, draw(_WORDS), draw(_WORDS)]))
    return f"{segment}|" + "|".join(texts)


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, frozenset[str]]:
    """A message, and every value in it."""
    kind = draw(st.sampled_from(sorted(_HEADS)))
    secrets: set[str] = set()
    header = f"MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||{kind}|7|P|2.5||||||UNICODE UTF-8"
    lines = [draw(fields(segment, secrets)) for segment in _HEADS[kind]]
    return "\r".join([header, *lines]).encode(), frozenset(secrets)


def told(secrets: frozenset[str], answer: object) -> set[str]:
    """The values that stand in an answer."""
    text = json.dumps(answer, ensure_ascii=False, default=str)
    return {secret for secret in secrets if secret in text}


def resources(raw: bytes) -> list[Json]:
    translation = TRANSLATE(raw)
    return [{**draft.defaults, **draft.resource} for draft in translation.drafts]


@given(messages())
@settings(max_examples=30, deadline=None)
def test_no_value_is_told_by_anything_that_is_masked(message: tuple[bytes, frozenset[str]]) -> None:
    raw, secrets = message
    mask = Mask(GIVEN.uris, GIVEN.codes)
    parts = TAKE_APART(raw)
    assert not told(secrets, masked(raw.decode()))
    assert not told(secrets, [hidden_part(part).as_json() for part in parts])
    assert not told(secrets, [asdict(one) for one in differences(parts, parts[:2], shown_text)])
    found = resources(raw)
    assert not told(secrets, [mask.hidden(resource) for resource in found])
    assert not told(secrets, [changed_paths(resource, {}) for resource in found])


@given(messages())
@settings(max_examples=15, deadline=None)
def test_no_value_is_told_by_the_report(message: tuple[bytes, frozenset[str]]) -> None:
    raw, secrets = message
    translation = TRANSLATE(raw)
    assert not told(secrets, [row.as_json() for row in translation.report])


def test_what_can_be_looked_at_is_still_there() -> None:
    raw = (
        b"MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||ADT^A01|7|P|2.5||||||UNICODE UTF-8\r"
        b"PID|1||000123^^^^MR||Shen^Guilan||19580412|F\rPV1|1|I|05^0501^01"
    )
    mask = Mask(GIVEN.uris, GIVEN.codes)
    hidden = {resource["resourceType"]: mask.hidden(resource) for resource in resources(raw)}
    patient, encounter = hidden["Patient"], hidden["Encounter"]
    assert patient["id"] == "Patient#1"
    assert patient["gender"] == "female"
    assert patient["identifier"][0]["type"]["coding"][0]["code"] == "MR"
    assert patient["name"][0]["family"] == "***"
    assert patient["birthDate"] == "***"
    assert encounter["subject"]["reference"] == "Patient#1"
    assert encounter["class"]["code"] == "IMP"

"""Any message comes back from parsing byte for byte; a change in one field changes only what that field is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.types import Json, Translation
from mappings.hl7v2.charset import decode
from mappings.hl7v2.escapes import escape
from mappings.hl7v2.parser import Segment, parse
from mappings.hl7v2.separators import Separators, declared
from tests.mappings.engine import translate

Field = list[list[list[str]]]

PUNCTUATION: Final = [c for c in map(chr, range(0x21, 0x7F)) if not c.isalnum()]
#: Python codec and how MSH-18 names it, with what the codec can write.
CHARSETS: Final = {
    "gb18030": ("GB18030", st.characters(codec="gb18030", exclude_categories=["Cs"])),
    "gbk": ("GBK", st.characters(codec="gbk")),
    "utf-8": ("UNICODE UTF-8", st.characters(codec="utf-8", exclude_categories=["Cs"])),
}
FRAMING: Final = "\r\n\x0b\x1c\ufeff"


@st.composite
def delimiters(draw: st.DrawFn) -> Separators:
    """Any five delimiters that can be told apart; fewer where the sender has no use for the last ones."""
    marks = draw(st.lists(st.sampled_from(PUNCTUATION), unique=True, min_size=2, max_size=6))
    if marks[0] == "_":  # part of a word, so `MSH_` is none
        marks[0] = "|" if "|" not in marks else next(c for c in PUNCTUATION if c not in marks)
    if marks[3:] == ["&"]:  # a third and last `&` is the subcomponent separator
        marks[3] = "\\" if "\\" not in marks else "%"
    return declared(marks[0], "".join(marks[1:]))


def parts(inner: st.SearchStrategy[Any], separator: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(inner, min_size=1, max_size=3 if separator else 1)


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, Separators, list[list[Any]]]:
    """Codec, delimiters, and the fields of some segments down to their leaves, as text."""
    codec = draw(st.sampled_from(sorted(CHARSETS)))
    marks = draw(delimiters())
    letters = CHARSETS[codec][1].filter(lambda c: c not in FRAMING)
    leaf = st.text(letters, max_size=6)
    if not marks.escape:
        leaf = leaf.map(lambda text: "".join(c for c in text if c not in marks.field + marks.encoding_characters))
    field = parts(parts(parts(leaf, marks.subcomponent), marks.component), marks.repetition)
    return codec, marks, draw(st.lists(st.lists(field, min_size=1, max_size=4), min_size=1, max_size=4))


def written(segments: list[list[Field]], codec: str, marks: Separators) -> str:
    header = ["MSH", marks.encoding_characters, *[""] * 15, CHARSETS[codec][0]]
    rows = [[f"Z{n:02}", *(joined(field, marks) for field in row)] for n, row in enumerate(segments)]
    return "".join(marks.field.join(row) + "\r" for row in [header, *rows])


def joined(field: Field, s: Separators) -> str:
    return s.repetition.join(
        s.component.join(s.subcomponent.join(escape(leaf, s) for leaf in comp) for comp in rep) for rep in field
    )


def read(segment: Segment) -> list[Field]:
    return [
        [
            [rep.subcomponents(comp) or [""] for comp in range(1, len(rep.components()) + 1)]
            for rep in segment.repetitions(n)
        ]
        or [[[""]]]
        for n in range(1, segment.fields_count + 1)
    ]


@settings(max_examples=50, deadline=None)
@given(messages())
def test_a_message_comes_back_byte_for_byte_and_leaf_for_leaf(made: tuple[str, Separators, list[list[Field]]]) -> None:
    codec, marks, segments = made
    raw = written(segments, codec, marks).encode(codec)
    text, charset, _ = decode(raw, codec)
    message = parse(text, charset)
    assert message.text().encode(codec) == raw
    found = [read(segment) for segment in message.segments[1:]]
    assert found == segments
    assert written(found, codec, message.separators).encode(codec) == raw


HEADER: Final = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||ORU^R01|C1|P|2.5.1"
SEGMENTS: Final = [
    "PID|1||000123^^^^MR||沈桂兰||19580412|2|||柳溪镇1号||0990-5550101|||M",
    "NK1|1|沈小兰|DAU",
    "NK1|2|方^知远|SPO",
    "PV1|1|I|05^0501^01||||0148^方^知远||||||||||||ZY1",
    "AL1|1|DA|P^青霉素|SV|皮疹",
    "DG1|1||I10^高血压|||A",
    "OBR|1|P1|L1|A^生化|||202603010900|||||||||1001^林^知夏||||||202603011000||LAB|F",
    "OBX|1|NM|A1^血糖||5.1|mmol/L|3.9-6.1|N|||F|||202603010930",
    "NTE|1||复查",
    "OBX|2|ST|A2^尿蛋白||阴性||||||F",
    "OBR|2|P2|L2|B^血常规|||202603010905|||||||||1001^林^知夏||||||202603011000||LAB|F",
    "OBX|1|NM|B1^白细胞||6.5|10\\S\\9/L|3.5-9.5|N|||F",
]
#: Fields by which resources are known: a change there is a change of all that refers to them.
KNOWN_BY: Final[Mapping[str, set[int]]] = {
    "PID": {2, 3, 4, 18, 19},
    "NK1": {1, 2, 3, 12, 33},
    "PV1": {2, 19, 44, 50},
    "AL1": {1, 2, 3, 4, 5, 6},
    "DG1": {1, 3, 4, 6, 20},
    "OBR": {2, 3, 4},
    "OBX": {3, 4},
    "NTE": set(),
}
#: Types a segment may change, by name; those of an order are told by its number.
ABOUT: Final[Mapping[str, set[str]]] = {
    "PID": {"Patient", "RelatedPerson"},
    "NK1": {"RelatedPerson", "Patient"},
    "PV1": {"Encounter", "Patient"},
    "AL1": {"AllergyIntolerance"},
    "DG1": {"Condition", "Encounter"},
    "OBR": {"ServiceRequest", "DiagnosticReport", "Specimen", "Observation"},
    "OBX": {"Observation", "DiagnosticReport"},
    "NTE": {"Observation"},
}
#: Types of what segments mention by the way; two may mention the same.
MENTIONED: Final = {
    "Practitioner", "PractitionerRole", "Organization", "Location", "Device", "Binary", "DocumentReference",
    "Provenance", "Coverage", "Account", "Flag", "EpisodeOfCare", "Procedure", "MessageHeader",
}  # fmt: skip
WHOLE: Final = st.text(
    st.sampled_from('^~\\&"0129.-男张NMSTF ') | st.characters(codec="utf-8", exclude_characters="|\r\n\x0b\x1c"),
    max_size=16,
)


def resources(found: Translation) -> dict[tuple[str, str], Json]:
    return {
        (each.resource["resourceType"], each.resource["id"]): {**each.defaults, **each.resource}
        for each in found.drafts
        if each.resource["resourceType"] not in MENTIONED
    }


BASE: Final = resources(translate(HEADER, *SEGMENTS))


def code_of(resource: Json) -> str:
    """The first code of an observation or order: `A1`, `B`."""
    return str(resource.get("code", {}).get("coding", [{}])[0].get("code", ""))


@settings(max_examples=120, deadline=None)
@given(st.integers(0, len(SEGMENTS) - 1), st.integers(1, 30), WHOLE)
def test_a_change_in_one_field_changes_only_what_that_field_is_about(place: int, n: int, text: str) -> None:
    fields = SEGMENTS[place].split("|")
    name = fields[0]
    if n in KNOWN_BY[name]:
        return
    fields += [""] * (n + 1 - len(fields))
    fields[n] = text
    changed = resources(translate(HEADER, *SEGMENTS[:place], "|".join(fields), *SEGMENTS[place + 1 :]))
    order = code_of({"code": {"coding": [{"code": SEGMENTS[place].split("|")[4 if name == "OBR" else 3]}]}})[:1]
    for key, resource in BASE.items():
        if key[0] in ABOUT[name] and (name not in {"OBR", "OBX"} or code_of(resource)[:1] in {order, ""}):
            continue
        assert changed.get(key) == resource, f"{name}-{n} changed {key[0]}"

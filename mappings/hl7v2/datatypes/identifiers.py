"""Identifiers (CX, EI, EIP, HD) to FHIR Identifier, and the authority a resource id is made from."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from msgspec import Struct

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import CODE, Converter, Datatype, Options, plain
from mappings.hl7v2.datatypes.times import date_time, period
from mappings.hl7v2.leaves import component, leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.paths import Kept
from mappings.registration import INTERNAL, Registration, registration

TYPE_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
CITIZEN: Final = "NNCHN"
_CHECK_DIGIT: Final = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"

_OID: Final = re.compile(r"[0-2](\.(0|[1-9]\d*))+\Z")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_URI: Final = re.compile(r"(https?|urn):\S+\Z")
#: What may be a citizen id, masked or mistyped: 15 or 18 characters.
_CITIZEN_FORM: Final = re.compile(r"[\dXx*?]{15}([\dXx*?]{3})?\Z", re.ASCII)
_CITIZEN_ID: Final = re.compile(r"\d{15}(\d{2}[\dXx])?\Z")
_US_SSN: Final = re.compile(r"\d{3}-\d{2}-\d{4}\Z")
URI_SYSTEM: Final = "urn:ietf:rfc:3986"
#: Prefix of a URI by the kind of universal id (v2 table 0301).
_PREFIXES: Final = {"ISO": "urn:oid:", "UUID": "urn:uuid:", "GUID": "urn:uuid:", "DNS": "urn:dns:", "URI": ""}
_ANY_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")
#: What senders write where they have no identifier.
PLACEHOLDERS: Final = frozenset({"", "0", "-", "/", "无", "不详", "未知", "N/A", "NULL", "null", "None"})

_CHECK_SCHEME: Final = "http://hl7.org/fhir/StructureDefinition/namingsystem-checkDigit"


class NumberLayout(NamedTuple):
    """Which components of a type hold an identifier, its check digit and scheme, its authority and its kind."""

    value: int
    check: int
    scheme: int
    authority: int
    kind: int

    def parts(self) -> dict[str, str]:
        """As `Datatype.parts`, below the identifier."""
        at = self.authority
        whose = {f"{at}.1": "assigner.display", f"{at}.2": "system", f"{at}.3": "assigner.identifier.type"}
        return {str(self.check): "extension", str(self.scheme): "extension", str(self.kind): "type", **whose}


CX_NUMBER: Final = NumberLayout(1, 2, 3, 4, 5)
XCN_NUMBER: Final = NumberLayout(1, 11, 12, 9, 13)
XON_NUMBER: Final = NumberLayout(10, 4, 5, 6, 7)
#: An XON without XON.10, as before version 2.5.
XON_OLD_NUMBER: Final = XON_NUMBER._replace(value=3)

#: The component of a CX that holds the date from which it counts; the next is the end.
_CX_EFFECTIVE: Final = 7
CX_PARTS: Final = {"1.*": "value", **CX_NUMBER.parts(), "7": "period.start", "8": "period.end"}
XCN_NUMBER_PARTS: Final = {"1": "value", **XCN_NUMBER.parts()}


class Number(Struct, frozen=True):
    """What an identifier says: its value, who assigned it (HD.1, HD.2, HD.3 as sent) and its kind (as sent)."""

    value: str
    authority: tuple[str, str, str] = ("", "", "")
    kind: str = ""


class Meaning(Struct, frozen=True):
    """What authority and kind mean: Identifier.system, code of v2 table 0203 and text of the type, rank as patient key.

    `key` is what makes a number unique at this facility: part of what a resource id is made from. `kind` tells the
    numbers of one system apart, "" if it counts one kind alone; None if the system is a name only the facility knows.
    """

    system: str
    type: str
    text: str
    key: str
    rank: int | None = None
    kind: str | None = None

    def registration(self, value: str) -> Registration:
        """The registration of the patient who has that number."""
        if self.kind is None:
            return Registration(self.key, value)
        return registration(self.system, value, self.kind)


def number(rep: Repetition) -> Number | None:
    """Read a CX; None if it holds no value. The kind may stand in CX.5 or, alone, in CX.4.2."""
    value = component(rep, 1)
    if value in PLACEHOLDERS:
        return None
    if len(rep.components()) < CX_NUMBER.authority:
        return Number(value)
    namespace, universal, standard = leaf(rep, 4, 1), leaf(rep, 4, 2), leaf(rep, 4, 3)
    kind = leaf(rep, 5)
    if universal and kind in {"", universal} and not namespace and not standard and not _OID.match(universal):
        return Number(value, ("", "", ""), universal)
    return Number(value, (namespace, universal, standard), kind)


def number_in(rep: Repetition, layout: NumberLayout) -> Number | None:
    """The number in the components a type keeps it in; None if there is none."""
    value = leaf(rep, layout.value)
    if value in PLACEHOLDERS:
        return None
    at = layout.authority
    return Number(value, (leaf(rep, at, 1), leaf(rep, at, 2), leaf(rep, at, 3)), leaf(rep, layout.kind))


def checked(result: dict[str, Any], rep: Repetition, layout: NumberLayout) -> dict[str, Any]:
    """The identifier with its check digit and the scheme of that, if they are stated."""
    if len(rep.components()) < layout.check:
        return result
    stated = ((_CHECK_DIGIT, leaf(rep, layout.check)), (_CHECK_SCHEME, leaf(rep, layout.scheme)))
    extensions = [{"url": url, "valueString": text} for url, text in stated if text]
    return {"extension": extensions, **result} if extensions else result


def meaning(found: Number, context: Context, at: str) -> Meaning:
    """What an identifier of field `at` means: by the sender's profile, else by its kind, else by its authority."""
    habits = context.habits
    rule = habits.profile.rule(at, found.authority, found.kind)
    if rule is not None:
        rank, kind = habits.profile.rank(rule), habits.profile.kind(rule)
        return Meaning(rule.system, rule.type, found.kind or rule.type, f"{rule.system}|{rule.type}", rank, kind)
    fits = _CITIZEN_FORM.match(found.value) is not None
    return _meaning(found.authority, found.kind, habits.canonical_base, habits.facility, fits)


@lru_cache(maxsize=4096)
def _meaning(
    authority: tuple[str, str, str], kind: str, canonical_base: str, facility: str, is_citizen_form: bool
) -> Meaning:
    """As `meaning`; a passport or a word where a citizen id belongs is a number of the facility's, of no type."""
    entry = table("identifier-kinds").get(kind) if kind else None
    if entry and entry.code == CITIZEN and not is_citizen_form:
        system = authority_uri("", "", kind, canonical_base, facility)
        return Meaning(system, "", kind, f"|{kind}")
    namespace, universal, _ = authority
    national = table("identifier-systems").get(kind) if kind else None
    if entry and national:
        return Meaning(national.code, entry.code, entry.display or kind, f"|{entry.code}", kind="")
    system = authority_uri(namespace, universal, kind, canonical_base, facility)
    known = f"{universal or namespace}|{kind}"
    own = None if system.startswith(f"{canonical_base}/sid/") else "" if kind == INTERNAL else kind
    named = table("number-systems").get(kind or namespace) if own is None else None
    system = named.code if named else system
    return Meaning(system, entry.code if entry else "", entry.display if entry else kind, known, kind=own)


@lru_cache(maxsize=4096)
def authority_uri(namespace: str, universal: str, kind: str, canonical_base: str, facility: str) -> str:
    """URI of an assigning authority (HD): OIDs, UUIDs and URIs as such, anything else as a name of the facility."""
    if _OID.match(universal):
        return f"urn:oid:{universal}"
    if _UUID.match(universal):
        return f"urn:uuid:{universal.lower()}"
    if _URI.match(universal):
        return universal
    if _OID.match(namespace):
        return f"urn:oid:{namespace}"
    name = universal or namespace or kind
    return f"{canonical_base}/sid/{quote(facility, safe='')}" + (f"/{quote(name, safe='')}" if name else "")


def uri_of(universal: str, kind: str) -> str:
    """The URI of a universal id of a kind; "" if there is none."""
    prefix = _PREFIXES.get(kind)
    text = f"{prefix}{universal}" if prefix is not None and not universal.startswith("urn:") else universal
    return text if universal and _ANY_URI.match(text) else ""


def identifier_or_word(rep: Repetition, context: Context) -> dict[str, Any] | Kept | None:
    """Identifier of a CX; a word that stands for none is kept as a text, because it is no identifier of anybody."""
    made = identifier(rep, context)
    word = component(rep, 1) if made is None else ""
    if word:
        context.note("carried", "a word that stands for no identifier")
    return Kept(word) if word else made


def identifier(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Identifier of a CX."""
    found = number(rep)
    if found is None:
        context.note("refused", "a word that stands for no identifier" if component(rep, 1) else "no identifier in it")
        return None
    result = typed(found, meaning(found, context, context.at))
    if len(rep.components()) >= _CX_EFFECTIVE:
        span = period(date_time(rep, context, _CX_EFFECTIVE), date_time(rep, context, _CX_EFFECTIVE + 1))
        if span:
            result["period"] = span
    return checked(result, rep, CX_NUMBER)


def typed(found: Number, meant: Meaning) -> dict[str, Any]:
    """Identifier of a number, with the system and type its authority and kind mean."""
    result: dict[str, Any] = {"system": meant.system, "value": found.value}
    if meant.type:
        coding = {"coding": [_type_coding(meant.type).copy()]}
        result["type"] = coding | {"text": meant.text} if meant.text else coding
    elif meant.text:
        result["type"] = {**_own_type(meant.text), "text": meant.text}
    return _assigned(result, found)


def _own_type(kind: str) -> dict[str, Any]:
    """A sender's own kind of number as a code without a system; none if it is no code, or one its number belies."""
    known = table("identifier-kinds").get(kind) is not None
    return {} if known or not CODE.match(kind) else {"coding": [{"code": kind}]}


@lru_cache(maxsize=256)
def _type_coding(code: str) -> dict[str, str]:
    """A kind of number as table 0203 has it, by its name there where the guide lists it."""
    entry = table("identifier-kinds").get(code)
    if entry is not None and (entry.system, entry.code) == (TYPE_SYSTEM, code):
        return entry.coding()
    return {"system": TYPE_SYSTEM, "code": code}


def _assigned(result: dict[str, Any], found: Number) -> dict[str, Any]:
    """With who assigned it, as a reference by identifier: its name, which the system need not tell, and its own id."""
    namespace, universal, kind = found.authority
    if namespace:
        result["assigner"] = {"display": namespace}
    if universal and kind:
        result.setdefault("assigner", {})["identifier"] = _assigner(universal, kind)
    return result


@lru_cache(maxsize=4096)
def _assigner(universal: str, kind: str) -> dict[str, Any]:
    uri = uri_of(universal, kind)
    entry = table("universal-id-type").get(kind)
    told: dict[str, Any] = {"system": URI_SYSTEM, "value": uri} if uri else {"value": universal}
    return told | {"type": {"coding": [entry.coding()]}} if entry else told


def national_id(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """PID-19 and its like: a Chinese citizen id where it has that form, else the sender's country's social number."""
    value = leaf(rep, 1)
    if value in PLACEHOLDERS:
        context.note("refused", "a word that stands for no identifier")
        return None
    kind = CITIZEN if _CITIZEN_ID.match(value) else "SS"
    found = Number(value, kind=kind)
    result = typed(found, meaning(found, context, context.at))
    if _US_SSN.match(value):
        result["system"] = "http://hl7.org/fhir/sid/us-ssn"
    return result


def licence(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Identifier of a driver's licence (DLN): number, issuer, end of validity."""
    value = leaf(rep, 1)
    if not value:
        return None
    found = Number(value, (leaf(rep, 2), leaf(rep, 2, 4), ""), "DL")
    result = typed(found, meaning(found, context, context.at))
    span = period(None, date_time(rep, context, 3))
    return result | {"period": span} if span else result


def _make_entity(options: Options) -> Converter:
    """EI to Identifier, of the type the row names (PLAC, FILL)."""

    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        return entity(rep, context, options.word)

    return convert


def entity(rep: Repetition, context: Context, kind: str = "") -> dict[str, Any] | None:
    """Identifier of an EI: value, namespace, universal id and its type."""
    value = component(rep, 1)
    return _entity(Number(value, (leaf(rep, 2), leaf(rep, 3), leaf(rep, 4)), kind), context) if value else None


def _entity(found: Number, context: Context) -> dict[str, Any]:
    meant = meaning(Number(found.value, found.authority), context, context.at)
    result: dict[str, Any] = {"system": meant.system, "value": found.value}
    if found.kind:
        result["type"] = {"coding": [_type_coding(meant.type or found.kind).copy()]}
    return _assigned(result, found)


def bare(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Identifier of a text (ST) that tells no authority: a number of the facility's."""
    value = component(rep, 1)
    return _entity(Number(value), context) if value not in PLACEHOLDERS else None


_GROUP_PARTS: Final = {
    1: {"1.1": "value", "1.2": "assigner.display", "1.3": "system", "2": "assigner.display", "3": "system"},
    2: {"2.1": "value", "2.2": "assigner.display", "2.3": "system"},
}


def _group_member(comp: int) -> Datatype:
    """One half of a group number, which is an EI (then the placer's) or, in v2.8.2 and where parted so, an EIP."""

    def make(options: Options) -> Converter:
        kind = options.word or ("PLAC" if comp == 1 else "FILL")
        half = _pair_member(comp, kind).make(options)

        def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
            if any(len(rep.subcomponents(n)) > 1 for n in (1, 2)) or _is_pair(context):
                made: dict[str, Any] | None = half(rep, context)
                return made
            return entity(rep, context, kind) if comp == 1 else None

        return convert

    return Datatype(make, _GROUP_PARTS[comp])


def _is_pair(context: Context) -> bool:
    return context.message.segments[0].get(12) == "2.8.2"


def _pair_member(comp: int, kind: str) -> Datatype:
    """One half of an EIP: the placer's (component 1) or the filler's (component 2) number."""

    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        value = leaf(rep, comp, 1)
        authority = (leaf(rep, comp, 2), leaf(rep, comp, 3), leaf(rep, comp, 4))
        return _entity(Number(value, authority, kind), context) if value else None

    names = ("value", "assigner.display", "system", "assigner.identifier.type")
    return plain(convert, {f"{comp}.{sub}": name for sub, name in enumerate(names, 1)})


def placer_and_filler(rep: Repetition, context: Context) -> list[dict[str, Any]]:
    """The identifiers of an EIP."""
    halves = (_pair_member(comp, kind).make(Options())(rep, context) for comp, kind in ((1, "PLAC"), (2, "FILL")))
    return [made for made in halves if made]


_EI_PARTS: Final = {"1.*": "value", "2": "assigner.display", "3": "system", "4": "assigner.identifier.type"}

DATATYPES: Final[dict[str, Datatype]] = {
    "CX": plain(identifier_or_word, CX_PARTS, repeated=True, numbers=True),
    "EI": Datatype(_make_entity, _EI_PARTS),
    "EI-group-placer": _group_member(1),
    "EI-group-filler": _group_member(2),
    "EIP-placer": _pair_member(1, "PLAC"),
    "EIP-filler": _pair_member(2, "FILL"),
    "ST-identifier": plain(bare, {"1.*": "value"}),
    "licence": plain(licence, {"1": "value", "2": "assigner.display", "2.4": "system", "3": "period.end"}),
    "national-id": plain(national_id, {"1": "value"}),
}

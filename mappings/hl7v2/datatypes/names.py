"""Personal names (XPN, and the name part of XCN and PPN) to HumanName.

Chinese senders put the whole name into the family name, or pinyin beside it. The text is then the name; family and
given are split only where the surname is certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from hub.kernel.types import Json
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import SHORT, Datatype, fresh, plain
from mappings.hl7v2.datatypes.times import date_time, period
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.names import COMPOUND_SURNAMES, split_name
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.separators import Separators

XPN_PARTS: Final = {
    "1": "family",
    **{f"1.{sub}": "family.extension" for sub in range(2, 6)},
    "2": "given",
    "3": "given",
    "4": "suffix",
    "5": "prefix",
    "6": "suffix",
    "7": "use",
    "8": "extension",
    "11": "extension",
    "12": "period.start",
    "13": "period.end",
    "14": "suffix",
    "15": "given",
    "10.1": "period.start",
    "10.2": "period.end",
}
XCN_NAME_PARTS: Final = {
    "2": "family",
    **{f"2.{sub}": "family.extension" for sub in range(2, 6)},
    "3": "given",
    "4": "given",
    "5": "suffix",
    "6": "prefix",
    "7": "suffix",
    "10": "use",
    "15": "extension",
    "17.1": "period.start",
    "17.2": "period.end",
    "18": "extension",
    "19": "period.start",
    "20": "period.end",
    "21": "suffix",
}
#: What FN.2 to FN.5 are, as the extensions of FHIR name it.
_MADE_OF: Final = ("own-prefix", "own-name", "partner-prefix", "partner-name")
_HUMAN_NAME: Final = "http://hl7.org/fhir/StructureDefinition/humanname"
_SYLLABIC: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def is_chinese(text: str) -> bool:
    """Whether every character is a Han character (or the dot inside names of minorities)."""
    return bool(text) and all("\u3400" <= c <= "\u9fff" or c in "·〇" or c >= "\U00020000" for c in text)


@cache
def common_surnames() -> frozenset[str]:
    """Surnames of one character about which there is no doubt (`tables/surnames.txt`)."""
    lines = (Path(__file__).parent.parent / "tables" / "surnames.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, str] | None:
    """Family and given name of a whole Chinese name, if the surname is certain."""
    family, given = split_name(name)
    certain = family in COMPOUND_SURNAMES or (family in common_surnames() and len(name) < 4)
    return (family, given) if given and certain else None


def surname(rep: Repetition, comp: int) -> tuple[str, list[Json]]:
    """Family name of an FN (v2.5.1 section 2.A.30), and the extensions that say what it is made of."""
    family, *made_of = [clean(text) for text in rep.subcomponents(comp)] or [""]
    stated = [(part, text) for part, text in zip(_MADE_OF, made_of, strict=False) if text and text != '""']
    extensions = [{"url": f"{_HUMAN_NAME}-{part}", "valueString": text} for part, text in stated]
    if family == '""':
        family = ""
    return family or " ".join(text for _, text in stated[:2]), extensions


def name_of(
    family: str, given: list[str], prefix: list[str], suffix: list[str], made_of: Sequence[Json] = ()
) -> dict[str, Any]:
    """HumanName of its parts, with the text as it is written in the name's own language."""
    result: dict[str, Any] = {}
    if is_chinese(family) and not given:
        result["text"] = family
        parts = split(family)
        if parts:
            result["family"], result["given"] = parts[0], [parts[1]]
    else:
        joint = "" if is_chinese(family) and is_chinese("".join(given)) else " "
        order = [family, *given] if joint == "" else [*prefix, *given, family, *suffix]
        result["text"] = joint.join(filter(None, order))
        if family:
            result["family"] = family
        if given:
            result["given"] = given
    result |= {"prefix": prefix, "suffix": suffix, "_family": {"extension": list(made_of)} if made_of else {}}
    return {key: value for key, value in result.items() if value}


def _leaves(rep: Repetition, *comps: int) -> list[str]:
    return [text for comp in comps if comp and (text := leaf(rep, comp))]


class Layout(NamedTuple):
    """Which components of a type hold the parts of a name; 0: none does. `given` is followed by further given names."""

    family: int
    given: int
    suffix: int
    prefix: int
    degree: int
    use: int = 0
    representation: int = 0
    validity: int = 0
    order: int = 0
    start: int = 0
    end: int = 0
    professional: int = 0


XPN: Final = Layout(1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14)
XCN: Final = Layout(2, 3, 5, 6, 7, 10, 15, 17, 18, 19, 20, 21)
#: An XCN whose degree becomes a qualification of the practitioner.
XCN_QUALIFIED: Final = XCN._replace(degree=0)


def person_name(rep: Repetition, context: Context) -> Any:
    """HumanName of an XPN; pinyin sent beside a whole Chinese name becomes a second, syllabic name.

    So does what the person is called by (XPN.15), as a nickname.
    """
    (family, made_of), given = surname(rep, 1), _leaves(rep, 2, 3)
    count = len(rep.components())
    if count < 2:
        return name_of(family, [], [], [], made_of) if family else None
    pinyin = [] if not is_chinese(family) or len(family) < 2 or is_chinese("".join(given)) else given
    name = _named(rep, context, XPN, family, [] if pinyin else given, made_of)
    if not name:
        return None
    more = [_syllabic(pinyin)] if pinyin else []
    called = leaf(rep, 15) if count > 14 else ""
    if called:
        more.append({"use": "nickname", "text": called, "given": [called]})
    return [name, *more] if more else name


def named_in(rep: Repetition, context: Context, layout: Layout = XCN) -> Json:
    """HumanName of the components a type keeps it in; {} if they are empty. The same people are named many times."""
    if len(rep.text) > SHORT or (layout.use and len(rep.components()) >= layout.use):
        return _read_name(rep, context, layout)
    found: Json = fresh(_remembered(rep.text, rep.separators, layout))
    return found


@lru_cache(maxsize=4096)
def _remembered(raw: str, separators: Separators, layout: Layout) -> Json:
    """A name of which nothing is stated that a table or a time would have to be looked up for."""
    return _read_name(Repetition(raw, separators), None, layout)


def _read_name(rep: Repetition, context: Context | None, layout: Layout) -> Json:
    family, made_of = surname(rep, layout.family)
    return _named(rep, context, layout, family, _leaves(rep, layout.given, layout.given + 1), made_of)


def _named(
    rep: Repetition, context: Context | None, layout: Layout, family: str, given: list[str], made_of: Sequence[Json]
) -> Json:
    suffix = _leaves(rep, layout.suffix, layout.degree, layout.professional)
    name = name_of(family, given, _leaves(rep, layout.prefix), suffix, made_of)
    if name and context is not None and layout.use and len(rep.components()) >= layout.use:
        _more(name, rep, context, layout)
    return name


def _syllabic(pinyin: list[str]) -> dict[str, Any]:
    return {"extension": [{"url": _SYLLABIC, "valueCode": "SYL"}], "text": " ".join(pinyin)}


def _coded(name: str, rep: Repetition, context: Context, comp: int) -> str:
    """The code a table gives for a component; "" where it is empty, or not in the table, which is noted."""
    text = leaf(rep, comp)
    entry = table(name).get(text) if text else None
    if text and entry is None:
        context.note("refused", "code not in the table", comp)
    return entry.code if entry else ""


def _more(name: dict[str, Any], rep: Repetition, context: Context, layout: Layout) -> None:
    use = _coded("name-use", rep, context, layout.use)
    if use:
        name["use"] = use
    extensions = [
        {"url": url, "valueCode": code}
        for url, code in (
            (_SYLLABIC, _coded("name-representation", rep, context, layout.representation)),
            (f"{_HUMAN_NAME}-assembly-order", _coded("name-order", rep, context, layout.order)),
        )
        if code
    ]
    if extensions:
        name["extension"] = extensions
    span = period(
        date_time(rep, context, layout.start) or date_time(rep, context, layout.validity, 1),
        date_time(rep, context, layout.end) or date_time(rep, context, layout.validity, 2),
    )
    if span:
        name["period"] = span


def one_name(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """The name of elements that hold one only: as it is written, without its pinyin."""
    name = person_name(rep, context)
    found: dict[str, Any] | None = name[0] if isinstance(name, list) else name
    return found


def name_text(rep: Repetition, context: Context) -> str | None:
    """The text of a name, for elements that hold a string."""
    first = one_name(rep, context)
    return first["text"] if first and "text" in first else None


DATATYPES: Final[dict[str, Datatype]] = {
    "XPN": plain(person_name, XPN_PARTS, repeated=True),
    "XPN-one": plain(one_name, XPN_PARTS, repeated=True),
    "XPN-text": plain(name_text, {str(n): "" for n in range(1, 7)}),
}

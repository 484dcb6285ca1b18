"""The one table of survivorship: for each element of Patient (R4 patient.html) the rule by which its value is chosen.

Chinese practice decides what is better: a real name outlives the temporary one of a newborn (王芳之女), a name in
characters one in pinyin; a full birth date outlives a year and the 1 January that stands for one; what a valid citizen
id says of birth and sex (GB 11643-1999) outlives what contradicts it.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from hub.kernel.types import Json
from hub.mpi.characters import UNKNOWN, fold
from hub.mpi.citizen_id import CitizenId, parse_citizen_id
from hub.mpi.contacts import parse_phone
from hub.mpi.dates import is_placeholder, parse_date
from hub.mpi.features import features
from hub.mpi.names import parse_name, parse_newborn
from hub.mpi.record_of import CITIZEN_ID, record_of
from hub.mpi.survivorship import (
    Rule,
    SourcePatient,
    Statement,
    Statements,
    Survivor,
    content,
    first_of,
    latest,
    majority,
    unanimous,
    union,
)

_SEXES: Final = {"male": "M", "female": "F"}
_NO_MORE: Final = frozenset({"old", "nickname", "anonymous", "temp"})
_SCRIPTS: Final = {"han": 2, "latin": 1, "": 0}


def rules(sources: Sequence[SourcePatient]) -> Mapping[str, Rule]:
    """The rule of every element for these sources; elements that are not in it do not survive (see `LEFT_OUT`)."""
    known = citizen_id_of(sources)
    proven = frozenset(source.id for source in sources if known in _own_ids(source))
    return {
        "extension": _latest_by_url,
        "modifierExtension": _latest_by_url,
        "identifier": union(_identifier),
        "active": _any_true,
        "name": partial(_names, proven),
        "telecom": union(_telecom, _current),
        "gender": partial(_gender, known),
        "birthDate": partial(_birth_date, known),
        "deceased[x]": _deceased,
        "address": union(_address, _current),
        "maritalStatus": _latest_known,
        "multipleBirth[x]": _multiple_birth,
        "photo": latest,
        "contact": union(_contact),
        "communication": union(_language, _preferred),
        "generalPractitioner": latest,
        "managingOrganization": unanimous,
    }


#: What the golden record does not take from its sources: it has its own, or none.
LEFT_OUT: Final = frozenset({"id", "meta", "link", "implicitRules", "language", "text", "contained"})


def citizen_id_of(sources: Sequence[SourcePatient]) -> CitizenId | None:
    """The valid citizen id the sources name; None when they name none, or two."""
    known = {own for source in sources for own in _own_ids(source)}
    return known.pop() if len(known) == 1 else None


def _own_ids(source: SourcePatient) -> set[CitizenId]:
    """The valid citizen ids of a source that are not borrowed from a parent."""
    found = set()
    for identifier in filter(is_citizen_id, source.resource.get("identifier", ())):
        record = replace(record_of(source.resource, source.facility), id_no=identifier.get("value", ""))
        own = features(record).own_id
        if own is not None and own.valid:
            found.add(own)
    return found


def is_citizen_id(identifier: Json) -> bool:
    """Whether an Identifier says that it is a citizen id: by its system, or by its type."""
    codes = (coding.get("code") for coding in identifier.get("type", {}).get("coding", ()))
    return not CITIZEN_ID.isdisjoint((identifier.get("system"), *codes))


def whole_name(name: Json) -> str:
    """A HumanName as one text."""
    return str(name.get("text") or " ".join((name.get("family", ""), *name.get("given", ()))).strip())


def _identifier(said: Statement) -> Hashable:
    """Two values without a system are not known to be of one namespace, so each stays its source's."""
    system, value = said.value.get("system"), said.value.get("value")
    if value is None:
        return content(said)
    if is_citizen_id(said.value) and (number := parse_citizen_id(value)) is not None:
        return "citizen id", number.digits
    return system or said.source.id, value


def _names(proven: frozenset[str], stated: Statements) -> list[Survivor]:
    """All names, the best first: in characters, still in use, of a source with the proven citizen id, said by most."""
    counted = {name: len({s.source.id for s in stated if _full(s) == name}) for name in set(map(_full, stated))}

    def rank(said: Statement) -> tuple[int, ...]:
        name = said.value
        return (
            _SCRIPTS[parse_name(whole_name(name)).script],
            UNKNOWN not in _full(said),
            name.get("use") not in _NO_MORE and not _ended(said),
            said.source.id in proven,
            counted[_full(said)],
            "family" in name and "given" in name,
            name.get("use") == "official",
        )

    kept = first_of(lambda said: bool(_full(said)) and parse_newborn(whole_name(said.value)) is None)(stated)
    return union(_full, rank)(kept)


def _full(said: Statement) -> str:
    return parse_name(whole_name(said.value)).full


def _gender(known: CitizenId | None, stated: Statements) -> list[Survivor]:
    agreeing = first_of(
        lambda said: known is not None and _SEXES.get(said.value) == known.sex, lambda said: said.value != "unknown"
    )
    return majority(agreeing(stated))


def _birth_date(known: CitizenId | None, stated: Statements) -> list[Survivor]:
    """A partial date (R4 allows year or year and month) and 1 January lose to a full date."""

    def agrees(said: Statement) -> bool:
        return known is not None and parse_date(said.value) == known.birth

    def exact(said: Statement) -> bool:
        day = parse_date(said.value)
        return day is not None and not is_placeholder(day)

    return majority(first_of(agrees, exact, lambda said: parse_date(said.value) is not None)(stated))


def _any_true(stated: Statements) -> list[Survivor]:
    return majority(first_of(lambda said: said.value is True)(stated))


def _deceased(stated: Statements) -> list[Survivor]:
    """Any word of a death wins, one with its time first."""
    dated = first_of(lambda said: said.element == "deceasedDateTime", lambda said: said.value is True)
    return majority(dated(stated))


def _multiple_birth(stated: Statements) -> list[Survivor]:
    return majority(first_of(lambda said: said.element == "multipleBirthInteger")(stated))


def _latest_known(stated: Statements) -> list[Survivor]:
    """The latest that is not "unknown" (UNK of v3-NullFlavor)."""
    known = first_of(lambda said: all(c.get("code") != "UNK" for c in said.value.get("coding", ())))
    return latest(known(stated))


def _latest_by_url(stated: Statements) -> list[Survivor]:
    urls = dict.fromkeys(said.value.get("url") for said in stated)
    return [kept for url in urls for kept in latest([said for said in stated if said.value.get("url") == url])]


def _telecom(said: Statement) -> Hashable:
    value = str(said.value.get("value", ""))
    return said.value.get("system"), parse_phone(value) or _folded(value)


def _address(said: Statement) -> Hashable:
    value = said.value
    parts = ("state", "city", "district", "line", "postalCode")
    written = value.get("text") or "".join(_text(value.get(part, "")) for part in parts)
    return _folded(written) or content(said)


def _contact(said: Statement) -> Hashable:
    value = said.value
    phones = frozenset(parse_phone(str(t.get("value", ""))) for t in value.get("telecom", ())) - {""}
    name = parse_name(whole_name(value.get("name", {}))).full
    return (name, phones) if name or phones else content(said)


def _language(said: Statement) -> Hashable:
    codings = said.value.get("language", {}).get("coding", ())
    return frozenset(c.get("code") for c in codings) or content(said)


def _preferred(said: Statement) -> tuple[int, ...]:
    return (said.value.get("preferred") is True,)


def _current(said: Statement) -> tuple[int, ...]:
    return not _ended(said) and said.value.get("use") != "old", said.value.get("use") != "temp"


def _ended(said: Statement) -> bool:
    return "end" in said.value.get("period", {})


def _folded(text: str) -> str:
    return re.sub(r"\s", "", fold(text))


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)

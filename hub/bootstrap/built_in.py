"""What the terminology has from the start: its own tables, and the code systems that the HL7 v2 maps lead to.

Those that R4's definitions have are theirs, whole; of the others the mappings hold the codes already, with their names:
they are made code systems here and not copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from typing import Final

from hub.fhir.code_systems import mapped_to
from hub.fhir.value_sets import codes_by_system
from hub.kernel.types import Json
from terminology.built_in import VERSION, built_in
from terminology.model import CODE_SYSTEM

SOURCE: Final = "Targets of the tables of HL7/v2-to-fhir (IG 1.0.0, Apache-2.0) and of the hub's own beside them"
_DEFINED: Final = "HL7, definitions of FHIR R4 (4.0.1, CC0-1.0)"

#: Systems of which the maps name some codes and that come from elsewhere, and why.
ELSEWHERE: Final = {
    "http://loinc.org": "the terminology has its own table; LOINC itself is loaded (terms of use of Regenstrief)",
    "http://snomed.info/sct": "is loaded by whoever has a licence (RF2)",
    "http://unitsofmeasure.org": "is a grammar (UCUM)",
    "urn:ietf:bcp:13": "is a grammar (media types)",
    "urn:ietf:bcp:47": "is a grammar (languages)",
}


def everything_built_in() -> Iterator[Json]:
    """CodeSystem and ConceptMap resources."""
    yield from built_in()
    for system, concepts in sorted(_mapped().items()):
        yield _code_system(system, concepts)


def _mapped() -> dict[str, dict[str, str]]:
    """The codes that HL7 v2 codes become, by system, with a name where a table has one; and those R4 lists beside."""
    from mappings.hl7v2.codetables import table, table_names

    found: dict[str, dict[str, str]] = {}
    for name in table_names():
        for entry in table(name).targets():
            if entry.system and entry.system not in ELSEWHERE:
                known = found.setdefault(entry.system, {})
                known[entry.code] = known.get(entry.code) or entry.display
    listed = codes_by_system()
    return {system: dict.fromkeys(listed.get(system, ()), "") | named for system, named in found.items()}


def _code_system(system: str, concepts: dict[str, str]) -> Json:
    known = mapped_to(system)
    if known is None:
        return {
            **{"resourceType": CODE_SYSTEM, "url": system, "version": VERSION, "status": "active", "language": "en"},
            **{"content": "fragment", "caseSensitive": True, "copyright": SOURCE},
            "concept": list(starmap(_concept, sorted(concepts.items()))),
        }
    held = {one["code"] for one in known["concept"]}
    more = [_concept(code, name) for code, name in sorted(concepts.items()) if code not in held]
    if not more:
        return known | {"copyright": _DEFINED}
    # Codes of later releases, which messages bring: the definitions of R4 are not all there is.
    told = {"content": "fragment", "copyright": f"{_DEFINED}; {SOURCE}"}
    return known | told | {"concept": [*known["concept"], *more]}


def _concept(code: str, name: str) -> Json:
    return {"code": code, **({"display": name} if name else {})}

"""IHE PIXm, Mobile Patient Identifier Cross-reference Query (ITI-83): FHIR operation Patient/$ihe-pix.

https://profiles.ihe.net/ITI/PIXm/ITI-83.html. One number of a person, asked for the others, as far as the requester may
see them. A number nobody has, one of somebody who may not be seen and one of several persons are told alike. Which
domains are recognised is read from the configuration and never from the record, so that it tells nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.parameters import asked, values
from hub.api.services import Services
from hub.fhir.json import dumps, loads
from hub.gate.parameters import strangers, unescaped
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

IHE_PIX: Final = "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix"

_SOURCE: Final = "sourceIdentifier"
_TARGET: Final = "targetSystem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The number that is known, and the domains whose numbers are wanted (none: of all)."""

    system: str
    value: str
    targets: tuple[str, ...] = ()


async def ihe_pix(services: Services, ask: Ask) -> Answer:
    """Parameters with `targetIdentifier` and `targetId`; none where nothing else is known.

    Raises HubError UNREADABLE (400) for parameters that cannot be read, and as ITI-83 has it NOT_FOUND
    (`source-identifier`, 404), UNREADABLE (`source-domain`, 400) or FORBIDDEN (`target-domain`, 403).
    """
    wish = read_wish(ask.params, lenient=ask.preference.lenient)
    found = await asked(services.gate.corresponding(ask.actor, wish.system, wish.value, origin=ask.origin))
    if found is None:
        raise _unknown_source(wish, services.domains)
    told = [one for one in loads(found.body).get("identifier", ()) if wanted(wish, one)]
    _refuse_targets(wish, told, services.domains)
    return Answer(status=200, body=dumps({"resourceType": "Parameters", "parameter": [*_parameters(told)]}))


def read_wish(params: Params, *, lenient: bool = False) -> Wish:
    """Read the parameters; the source is a token with its domain, `system|value`.

    Raises HubError UNREADABLE for none or several sources or one without a domain, UNSUPPORTED naming others.
    """
    strangers(params, (_SOURCE, _TARGET), lenient=lenient)
    sources = values(params, _SOURCE)
    system, _, value = sources[0].partition("|") if len(sources) == 1 else ("", "", "")
    if not system or not value:
        raise HubError(
            Category.UNREADABLE,
            "is not one number with its domain",
            where=_SOURCE,
            todo="send system|value, once",
            code="source-identifier",
        )
    return Wish(system=system, value=unescaped(value), targets=tuple(dict.fromkeys(values(params, _TARGET))))


def wanted(wish: Wish, identifier: Json) -> bool:
    """Whether an identifier of the person is part of the answer: whole, of a domain asked for, and not the source."""
    system, value = identifier.get("system"), identifier.get("value")
    if not system or not value or (system, value) == (wish.system, wish.value):
        return False
    return not wish.targets or system in wish.targets


def _parameters(identifiers: Iterable[Json]) -> Iterable[Json]:
    """The numbers, then the source Patients that state them (the extension `golden-source`), each once."""
    references: dict[str, None] = {}
    for one in identifiers:
        yield {"name": "targetIdentifier", "valueIdentifier": one}
        for extension in one.get("extension", ()):
            if extension["url"].endswith("/StructureDefinition/golden-source"):
                references[extension["valueReference"]["reference"]] = None
    yield from ({"name": "targetId", "valueReference": {"reference": reference}} for reference in references)


def _unknown_source(wish: Wish, domains: Collection[str]) -> HubError:
    if wish.system in domains:
        what, code, category = "sourceIdentifier Patient Identifier not found", "source-identifier", Category.NOT_FOUND
    else:
        what, code, category = "sourceIdentifier Assigning Authority not found", "source-domain", Category.UNREADABLE
    return HubError(category, what, code=code)


def _refuse_targets(wish: Wish, told: Iterable[Json], domains: Collection[str]) -> None:
    """A target is recognised if it is configured, or if the answer has a number of it."""
    known = {one["system"] for one in told} | set(domains)
    if not known.issuperset(wish.targets):
        raise HubError(Category.FORBIDDEN, "targetSystem not found", code="target-domain")

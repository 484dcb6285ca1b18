"""What a patient summary is made of, through the gate: two questions, each asked and recorded as it is elsewhere.

The record of the types a summary tells of (as by `$everything`), and the newest Observation of each kind (as by
`$lastn`). So whatever holds there holds here: what may not be seen leaves no trace, and who may see nothing is told so.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from hub.auth.scopes import allows
from hub.fhir.ips_sections import ABOUT_NOBODY, SECTIONS
from hub.gate.door import Door
from hub.gate.latest import latest
from hub.gate.recorder import Asked
from hub.gate.records import everything
from hub.gate.released import Released, ReleasedPage
from hub.gate.searches import query_text
from hub.kernel.errors import Category, HubError

_OBSERVATION: Final = "Observation"
_TYPES: Final = sorted({"Patient", *ABOUT_NOBODY, *(name for one in SECTIONS for name in one.types)} - {_OBSERVATION})


async def summary(door: Door, asked: Asked, rid: str) -> ReleasedPage:
    """`matches` are the Patients (of a person the golden record first) and what is about them, `included` the rest.

    Raises what `everything` and `latest` raise, and HubError TOO_LARGE for more than a page of that.
    """
    page = await everything(door, asked, [("_type", ",".join(_TYPES))], lenient=False)
    return replace(page, matches=(*_whole(page), *await _observations(door, asked, rid)))


async def _observations(door: Door, asked: Asked, rid: str) -> tuple[Released, ...]:
    """The newest of each kind; none where the token leaves them out."""
    if not allows(asked.actor.scopes, _OBSERVATION, "s"):
        return ()
    query = query_text([("$summary", ""), ("patient", rid)])
    newest = replace(asked, type=_OBSERVATION, id=None, query=query)
    return _whole(await latest(door, newest, [("patient", rid)], of_all=True))


def _whole(page: ReleasedPage) -> tuple[Released, ...]:
    """The matches of a first page that is the last. Raises HubError TOO_LARGE."""
    if page.next is None:
        return page.matches
    raise HubError(
        Category.TOO_LARGE,
        "the record is too long for a summary",
        where="Patient",
        todo="read it page by page with $everything",
        code="too-many",
    )

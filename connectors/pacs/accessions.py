"""The studies of an accession number, by asking the archive for it (QIDO-RS, C-FIND): a number is one of its issuer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.pacs.pull import listed
from hub.kernel.ports import ImageArchive
from hub.kernel.types import Accession, Json

#: Issuer of Accession Number Sequence, with Local Namespace and Universal Entity ID (PS3.3 10.14).
_ISSUER: Final = "00080051"
_LOCAL: Final = "00400031"
_UNIVERSAL: Final = "00400032"
_INSTANCES: Final = "00201208"
#: Studies of one number at most; a number with more is none.
_MOST: Final = 20


async def studies_of(archive: ImageArchive, accession: Accession) -> list[Any]:
    """What the archive lists under a number, but for studies whose number is another issuer's.

    Raises what `listed` raises.
    """
    fields = [("includefield", tag) for tag in (_ISSUER, _INSTANCES)]
    found = await listed(archive, (("AccessionNumber", accession.number), *fields, ("limit", str(_MOST))))
    return [each for each in found if isinstance(each, Mapping) and not _is_anothers(each, accession)]


def _is_anothers(study: Mapping[str, Any], accession: Accession) -> bool:
    """Whether archive and message both name an issuer, in the same way, and not the same."""
    issuer = next(iter(_values(study, _ISSUER)), None)
    told = {tag: next(iter(_values(issuer, tag)), "") for tag in (_LOCAL, _UNIVERSAL)}
    universal, local = (told[_UNIVERSAL], accession.universal), (told[_LOCAL], accession.local)
    named = next((pair for pair in (universal, local) if all(pair)), None)
    return named is not None and named[0] != named[1]


def _values(told: Any, tag: str) -> list[Json]:
    element = told.get(tag) if isinstance(told, Mapping) else None
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values if isinstance(values, list) else []

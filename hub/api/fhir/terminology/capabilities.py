"""What the terminology service holds and does. https://hl7.org/fhir/R4/terminologycapabilities.html"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.bundle import instant
from hub.api.services import Services
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.model import CODE_SYSTEM

#: Parameters of $expand that mean something here.
_EXPANSION: Final = (
    *("url", "valueSet", "valueSetVersion", "filter", "offset", "count", "activeOnly", "includeDesignations"),
    *("displayLanguage", "system-version"),
)


async def terminology_capabilities(services: Services) -> Json:
    """The TerminologyCapabilities of this hub, with the code systems that are loaded now."""
    catalogue = await services.terminology.catalogues.now()
    return {
        "resourceType": "TerminologyCapabilities",
        "status": "active",
        "date": instant(services.clock()),
        "kind": "instance",
        "software": {"name": "Yilian Hub", "version": services.version},
        "implementation": {"description": "医联枢纽 Yilian Hub", "url": services.base_url},
        "lockedDate": False,
        "codeSystem": _code_systems(catalogue),
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in _EXPANSION],
            "textFilter": "Every part of the filter stands somewhere in a name, its pinyin, or the initials of it.",
        },
        "codeSearch": "all",
        "validateCode": {"translations": False},
        "translation": {"needsMap": False},
    }


def _code_systems(catalogue: Catalogue) -> list[Json]:
    found = []
    for (kind, url), editions in catalogue.editions.items():
        if kind == CODE_SYSTEM:
            versions = [
                {"isDefault": one.current, **({"code": one.version} if one.version else {})} for one in editions
            ]
            found.append({"uri": url, "version": versions, "subsumption": True})
    return found

"""What the terminology service holds and does. https://hl7.org/fhir/R4/terminologycapabilities.html"""

from __future__ import annotations

from typing import Any, Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.terminology.value_set import EXPANDS
from hub.api.services import Services
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.model import CODE_SYSTEM, Edition

#: Filters on the hierarchy, and on properties.
_OF_LEVELS: Final = ("=", "in", "not-in", "is-a", "descendent-of", "is-not-a", "generalizes")
_OF_PROPERTIES: Final = ("=", "in", "not-in", "exists")


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
            "hierarchical": True,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in sorted(EXPANDS)],
            "textFilter": "Every part of the filter stands somewhere in a name, its pinyin, or the initials of it.",
        },
        "codeSearch": "all",
        "validateCode": {"translations": False},
        "translation": {"needsMap": False},
        "closure": {"translation": False},
    }


def _code_systems(catalogue: Catalogue) -> list[Json]:
    return [
        {"uri": url, "version": list(map(_version, editions)), "subsumption": any(one.kinds for one in editions)}
        for (kind, url), editions in catalogue.editions.items()
        if kind == CODE_SYSTEM
    ]


def _version(edition: Edition) -> Json:
    properties = [one["code"] for one in edition.head.get("property", ()) if "code" in one]
    language: list[str] = [edition.head["language"]] if "language" in edition.head else []
    told: dict[str, Any] = {
        "code": edition.version,
        "isDefault": edition.current,
        "compositional": False,
        "language": language,
        "filter": [
            {"code": "concept", "op": list(_OF_LEVELS if edition.kinds else _OF_LEVELS[:3])},
            *({"code": code, "op": list(_OF_PROPERTIES)} for code in properties),
        ],
        "property": properties,
    }
    return {name: value for name, value in told.items() if value not in ("", [])}

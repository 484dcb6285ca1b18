"""Which version of a code system an expansion goes by (R4 valueset-operation-expand.html)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.kernel.errors import Category, HubError
from terminology.model import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Versions by the url of a code system: `stated` where a value set states none (system-version), `forced` whatever
    it states (force-system-version), `checked` that it must come to (check-system-version).
    """

    stated: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, str] = field(default_factory=dict)

    def wanted(self, url: str, version: str) -> str:
        """The version to go by where the value set states `version` ("": none); "" for the one in force."""
        return self.forced.get(url) or version or self.stated.get(url, "")

    def check(self, edition: Edition) -> None:
        """Raises HubError INVALID where another version was to be met."""
        if self.checked.get(edition.url, edition.version) != edition.version:
            what = "another version of a code system is used than was to be checked"
            todo = "name that version (system-version, force-system-version)"
            raise HubError(Category.INVALID, what, where="check-system-version", todo=todo, code="version")


ANY: Final = Versions()

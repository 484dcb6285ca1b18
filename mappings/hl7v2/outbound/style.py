"""How one receiver is spoken to: delimiters, version, character set, zone, and what its identifiers are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.escapes import escape
from mappings.hl7v2.leaves import clean
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.separators import Separators, standard

#: Character sets of outbound feeds: the Python codec, and MSH-18 (table 0211; GBK is in no table, and read everywhere).
CHARSETS: Final[Mapping[str, tuple[str, str]]] = {
    "UTF-8": ("utf-8", "UNICODE UTF-8"),
    "GB18030": ("gb18030", "GB 18030-2000"),
    "GBK": ("gbk", "GBK"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What one receiver wants. `application` and `facility` are MSH-5 and MSH-6, `sender` is MSH-3 and MSH-4.

    `codec` is a Python codec, `declared` its name in MSH-18, `zone` an offset (`+08:00`). `profile` names identifiers
    as the receiver's own system does. `accept` and `outcome` are MSH-15 and MSH-16, both "" in original mode.
    """

    sender: tuple[str, str]
    application: str = ""
    facility: str = ""
    version: str = "2.5.1"
    codec: str = "utf-8"
    declared: str = "UNICODE UTF-8"
    zone: str = "+08:00"
    accept: str = ""
    outcome: str = ""
    profile: Profile = DEFAULT
    separators: Separators = field(default_factory=lambda: standard("|"))

    @property
    def number(self) -> tuple[int, ...]:
        """The version, to be compared: (2, 5, 1)."""
        return tuple(int(part) for part in self.version.split("."))

    def leaf(self, text: object) -> str:
        """A leaf: nothing in it that is no text, delimiters and line ends escaped."""
        return escape(clean(str(text)), self.separators)

    def components(self, *parts: str) -> str:
        """Components that are written already, without the empty ones at the end."""
        return self.separators.component.join(parts).rstrip(self.separators.component)

    def subcomponents(self, *parts: str) -> str:
        """Subcomponents that are written already, without the empty ones at the end."""
        return self.separators.subcomponent.join(parts).rstrip(self.separators.subcomponent)

    def segment(self, name: str, fields: Mapping[int, str]) -> str:
        """A segment of fields by number, without the empty ones at the end."""
        last = max((n for n, text in fields.items() if text), default=0)
        return self.separators.field.join([name, *(fields.get(n, "") for n in range(1, last + 1))])

    def encoded(self, text: str) -> bytes:
        """A message in the receiver's character set.

        Raises HubError INVALID (code `charset`) for a character that it has not: none is replaced, a name with a
        question mark in it is another name.
        """
        try:
            return text.encode(self.codec)
        except UnicodeEncodeError:
            raise HubError(
                Category.INVALID,
                "a character is not in the receiver's character set",
                where="MSH-18",
                todo="let the feed use GB18030 or UTF-8",
                code="charset",
            ) from None

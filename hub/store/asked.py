"""One search parameter as it was asked, and what the parsers of its values share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from hub.fhir.custom import NONE, Custom
from hub.fhir.emit_text import SOUND
from hub.fhir.query_text import split, unescape
from hub.fhir.search_parameters import SearchParameter
from hub.store.criteria import Bind
from hub.store.promoted import code_parameter, date_parameter
from hub.store.tokens import param_number


class Context(Struct, frozen=True, kw_only=True):
    """What the meaning of a value depends on besides the parameter: the moment of asking, and our own base URL.

    `full_text`: it is kept. `custom`: the installation's own parameters. `asked`: type and code of those that were met.
    """

    now: datetime
    base_url: str = ""
    full_text: bool = True
    custom: Custom = NONE
    asked: dict[tuple[str, str], None] = field(default_factory=dict)


class Asked(Struct, frozen=True, kw_only=True):
    """A parameter, its modifier ("" for none), and its values, escapes not yet resolved: alternatives."""

    parameter: SearchParameter
    modifier: str
    values: Sequence[str]
    context: Context

    def number(self, suffix: str = "") -> int:
        """The number of the parameter, or of the one its modifier stands for."""
        return param_number(self.parameter.base, self.parameter.code + suffix)

    def param(self, suffix: str = "") -> Bind:
        """The number, bound."""
        return Bind(self.number(suffix), "integer")

    def sound(self) -> Bind:
        """The number under which the pinyin of names stands, bound."""
        return Bind(param_number(self.parameter.base, "name" + SOUND), "integer")

    def texts(self) -> list[str]:
        """The values with their escapes resolved."""
        return [unescape(value) for value in self.values]

    @property
    def is_promoted_code(self) -> bool:
        return self.parameter.code == code_parameter(self.parameter.base)

    @property
    def is_promoted_date(self) -> bool:
        return self.parameter.code == date_parameter(self.parameter.base)


def pieces(value: str) -> list[str]:
    """A value parted at `|`, escapes resolved."""
    return [unescape(part) for part in split(value, "|")]

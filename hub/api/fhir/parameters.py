"""Query parameters: those about the form of the answer are taken out early, unknown ones are refused by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.api.fhir.exchange import Ask, Params
from hub.kernel.errors import Category, HubError

#: Parameters of every interaction that concern the form of the answer (R4 http.html#parameters).
FORM: Final = frozenset({"_format", "_pretty"})


def refuse_parameters(ask: Ask) -> None:
    """Raises HubError UNSUPPORTED (400) naming the parameters of an interaction that has none."""
    if ask.params and not ask.preference.lenient:
        raise unknown(sorted({name for name, _ in ask.params}))


def unknown(names: Iterable[str]) -> HubError:
    """The refusal of parameters by their names; values are not repeated."""
    return HubError(
        Category.UNSUPPORTED, f"unknown parameters: {', '.join(map(_shown, names))}", where="URL",
        todo="leave them out, or send Prefer: handling=lenient", code="unknown-parameter",
    )  # fmt: skip


def values(params: Params, name: str) -> list[str]:
    """All values of one parameter in their order."""
    return [value for key, value in params if key == name]


def _shown(name: str) -> str:
    """A parameter name as far as it can be one: what stands in its place may be a value gone astray."""
    return name if name.replace("_", "a").replace("-", "a").isalnum() and name.isascii() and len(name) < 40 else "(?)"

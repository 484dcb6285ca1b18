"""Query parameters: those about the form of the answer are taken out early, unknown ones are refused by name."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar

from hub.api.fhir.exchange import Ask, Params
from hub.gate.parameters import unknown
from hub.kernel.errors import Category, HubError

T = TypeVar("T")

#: Parameters of every interaction that concern the form of the answer (R4 http.html#parameters).
FORM: Final = frozenset({"_format", "_pretty"})


def refuse_parameters(ask: Ask) -> None:
    """Raises HubError UNSUPPORTED (400) naming the parameters of an interaction that has none."""
    if ask.params and not ask.preference.lenient:
        raise unknown(sorted({name for name, _ in ask.params}))


async def asked(page: Awaitable[T]) -> T:
    """The page of a search. What it cannot read is a bad request (400): 422 is for resources (R4 http.html#search)."""
    try:
        return await page
    except HubError as error:
        raise bad_request(error) from None


def bad_request(error: HubError) -> HubError:
    """A value that cannot be read as a bad request (400); any other refusal as it is."""
    if error.category is not Category.INVALID:
        return error
    return HubError(error.category, error.what, where=error.where, todo=error.todo, code="search-value")


def values(params: Params, name: str) -> list[str]:
    """All values of one parameter in their order."""
    return [value for key, value in params if key == name]

"""Query parameters: those about the form of the answer are taken out early, unknown ones are refused by name."""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from typing import Final, TypeVar

from msgspec.structs import replace

from hub.api.fhir.exchange import Ask, Params
from hub.api.fhir.shape import SHAPING
from hub.gate.parameters import unknown
from hub.kernel.errors import Category, HubError

T = TypeVar("T")

#: Parameters of every interaction that concern the form of the answer (R4 http.html#parameters).
FORM: Final = SHAPING | {"_format", "_pretty"}


def refuse_parameters(ask: Ask, *, shaped: bool = True) -> None:
    """Raises HubError UNSUPPORTED (400) naming the parameters of an interaction that has none.

    `shaped`: its answer has resources that `_summary` and `_elements` may shape.
    """
    params = ask.params if shaped else ask.searched
    if params and not ask.preference.lenient:
        raise unknown(sorted({name for name, _ in params}))


def refuse_all(ask: Ask, *, shaped: bool = True) -> None:
    """The same for what writes. There `handling=lenient`, which is about searches (R4 search.html#errors), leaves
    nothing out: a create by somebody who took its parameters for a criterion would be made again and again.
    """
    refuse_parameters(replace(ask, preference=replace(ask.preference, lenient=False)), shaped=shaped)


def split(params: Params, form: Collection[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Parameters of the request itself, and those named in `form`, each in their order."""
    return [pair for pair in params if pair[0] not in form], [pair for pair in params if pair[0] in form]


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

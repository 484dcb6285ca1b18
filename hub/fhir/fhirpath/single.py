"""Singleton evaluation (FHIRPath section 4.5): one item where an operator or function takes one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hub.fhir.fhirpath.errors import unanswerable
from hub.fhir.fhirpath.nodes import Item, Node, plain


def only(items: Sequence[Item]) -> Item | None:
    """The System value of the one item; None for none. Raises HubError INVALID for several."""
    if len(items) > 1:
        raise unanswerable("has several items where one is needed")
    return plain(items[0]) if items else None


def truth(items: Sequence[Item]) -> bool | None:
    """The boolean of a collection: a single item that is none stands for true."""
    value = only(items)
    return value if value is None or isinstance(value, bool) else True


def text(items: Sequence[Item]) -> str | None:
    """The one text; dates count as what is written. Raises HubError INVALID for another type."""
    value = only(items)
    if value is None or (isinstance(value, Node) and value.value is None):
        return None
    if not isinstance(value, str):
        written = items[0].value if isinstance(items[0], Node) else None
        if not isinstance(written, str):
            raise unanswerable("has another type where a text is needed")
        return written
    return value


def integer(items: Sequence[Item]) -> int | None:
    """The one whole number. Raises HubError INVALID for another type."""
    value = only(items)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise unanswerable("has another type where a whole number is needed")
    return value


def number(items: Sequence[Item]) -> int | Decimal | None:
    """The one number. Raises HubError INVALID for another type."""
    value = only(items)
    if value is not None and (not isinstance(value, int | Decimal) or isinstance(value, bool)):
        raise unanswerable("has another type where a number is needed")
    return value

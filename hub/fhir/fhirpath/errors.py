"""How FHIRPath refuses: an expression nobody can read, and one that asks what the data cannot answer."""

from __future__ import annotations

from hub.kernel.errors import Category, HubError


def unreadable(what: str, at: int) -> HubError:
    """An expression that is not FHIRPath; `at` is the character, from 1. Never repeats the expression."""
    return HubError(Category.INVALID, what, where=f"character {at}", todo="mend the FHIRPath", code="fhirpath")


def unanswerable(what: str) -> HubError:
    """What the specification calls signalling an error: the items are not what an operator or function takes."""
    return HubError(Category.INVALID, what, where="FHIRPath", todo="mend the expression", code="fhirpath")


def unsupported(what: str) -> HubError:
    """Right FHIRPath that this engine does not evaluate."""
    return HubError(Category.UNSUPPORTED, what, where="FHIRPath", code="fhirpath")


def too_much(what: str) -> HubError:
    """More work than an expression may cause."""
    return HubError(Category.TOO_LARGE, what, where="FHIRPath", todo="ask for less", code="fhirpath")

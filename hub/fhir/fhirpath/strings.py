"""Functions on texts (FHIRPath section 5.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hub.fhir.fhirpath.context import Context, Run
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.nodes import Item
from hub.fhir.fhirpath.operators import boxed
from hub.fhir.fhirpath.regex import pattern
from hub.fhir.fhirpath.single import integer, only, text
from hub.fhir.fhirpath.system import Quantity

Arguments = Sequence[list[Item]]


def _of_text(answer: Callable[[str], Item]) -> Function:
    def call(context: Context, items: list[Item], _: Arguments) -> list[Item]:
        value = text(items)
        if value is None:
            return []
        context.run.text(len(value))
        return [answer(value)]

    return Function(call)


def _of_texts(answer: Callable[[str, str], Item | None]) -> Function:
    """A function of a text and another: empty when one of them is."""

    def call(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
        value, other = text(items), text(arguments[0])
        if value is None or other is None:
            return []
        context.run.text(len(value) + len(other))
        return boxed(answer(value, other))

    return Function(call, 1, 1)


def _substring(_: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    value, start = text(items), integer(arguments[0])
    length = integer(arguments[1]) if len(arguments) > 1 else None
    if value is None or start is None or not 0 <= start < len(value):
        return []
    return [value[start:] if length is None else value[start : start + max(length, 0)]]


def _replace(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    value, old, new = text(items), text(arguments[0]), text(arguments[1])
    if value is None or old is None or new is None:
        return []
    _foresee(context.run, value, new)
    return [value.replace(old, new)]


def _replace_matches(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    value, regex, new = text(items), text(arguments[0]), text(arguments[1])
    if value is None or regex is None or new is None:
        return []
    _foresee(context.run, value, new)
    return [pattern(regex).sub(new.replace("\\", "\\\\"), value)]


def _foresee(run: Run, value: str, new: str) -> None:
    """The longest a replacement can become: one at every place between two letters."""
    run.text(len(value) + (len(value) + 1) * len(new))


def _to_chars(context: Context, items: list[Item], _: Arguments) -> list[Item]:
    value = text(items)
    context.run.spend(len(value or ""))
    return list(value or "")


def _split(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    value, separator = text(items), text(arguments[0])
    if value is None or separator is None:
        return []
    context.run.spend(len(value))
    return list(value.split(separator) if separator else value)


def _join(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    separator = (text(arguments[0]) if arguments else "") or ""
    parts = [text([item]) or "" for item in items]
    context.run.text(sum(map(len, parts)) + len(separator) * len(parts))
    return [separator.join(parts)] if parts else []


def _to_string(_: Context, items: list[Item], __: Arguments) -> list[Item]:
    return boxed(string_of(only(items)))


def string_of(value: Item | None) -> str | None:
    """The text of a value (section 5.5.7)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, Quantity):
        return f"{value.value:f} '{value.unit}'"
    written = getattr(value, "text", None)
    if isinstance(written, str):
        return written
    return f"{value:f}" if hasattr(value, "adjusted") else None


STRINGS: Final[Mapping[str, Function]] = {
    "length": _of_text(len),
    "upper": _of_text(str.upper),
    "lower": _of_text(str.lower),
    "trim": _of_text(str.strip),
    "indexOf": _of_texts(lambda value, other: value.find(other)),
    "startsWith": _of_texts(lambda value, other: value.startswith(other)),
    "endsWith": _of_texts(lambda value, other: value.endswith(other)),
    "contains": _of_texts(lambda value, other: other in value),
    "matches": _of_texts(lambda value, regex: pattern(regex).search(value) is not None),
    "substring": Function(_substring, 1, 2),
    "replace": Function(_replace, 2, 2),
    "replaceMatches": Function(_replace_matches, 2, 2),
    "toChars": Function(_to_chars),
    "split": Function(_split, 1, 1),
    "join": Function(_join, 0, 1),
    "toString": Function(_to_string),
}

"""Values of string, date, number and quantity parameters: they are compared (R4 search.html 3.1.1.4.6 to 4.9)."""

from __future__ import annotations

from typing import Final, Literal

from hub.fhir import numbers, prefixes, temporal
from hub.fhir.fold import fold
from hub.fhir.prefixes import split_prefix
from hub.kernel.errors import Category, HubError
from hub.store import canonical
from hub.store.asked import Asked, Context, pieces
from hub.store.criteria import Amount, Bind, Clause, Comparison, Condition, Dates, Numbers, Strings, Words
from hub.store.tables import HEAD

#: Parameters of names: what is typed in Latin letters also finds who is called so in Chinese characters.
_SPOKEN: Final = frozenset({"name", "phonetic"})

Mode = Literal["prefix", "exact", "contains"]


def string(asked: Asked, companions: tuple[Bind, ...] = ()) -> Clause:
    """Begins with the text, case and accents aside; `:exact`, `:contains`."""
    mode: Mode = "prefix"
    if asked.modifier == "exact":
        mode = "exact"
    elif asked.modifier == "contains":
        mode = "contains"
    texts = asked.texts()
    if mode == "prefix" and asked.parameter.code in _SPOKEN and all(text.isascii() for text in texts):
        # Nobody types a space between syllables that always is there.
        sounds = [part for text in texts for part in dict.fromkeys((text, text.replace(" ", "")))]
        return Strings(asked.param(), tuple(words(mode, text) for text in sounds), companions, asked.sound())
    return Strings(asked.param(), tuple(words(mode, text) for text in texts), companions)


def words(mode: Mode, text: str) -> Words:
    """One text to look for. Raises HubError INVALID if nothing of it is left to compare."""
    folded = fold(text)
    if not folded:
        raise HubError(Category.INVALID, "has nothing to search for")
    head = folded[:HEAD]
    return Words(mode, Bind(folded, "text"), Bind(head, "text"), Bind(head + "\U0010ffff", "text"), Bind(text, "text"))


def date(asked: Asked, companions: tuple[Bind, ...] = ()) -> Clause:
    """A date of any precision with a prefix, as a condition on ranges."""
    column: Literal["promoted", "updated", "side"] = "side"
    if asked.parameter.code == "_lastUpdated":
        column = "updated"
    elif asked.is_promoted_date:
        column = "promoted"
    conditions = tuple(_date_condition(text, asked.context) for text in asked.texts())
    return Dates(column, asked.param(), conditions, companions)


def _date_condition(text: str, context: Context) -> Condition:
    prefix, rest = split_prefix(text)
    # The "+" of a zone that was not percent-encoded arrives as a space.
    return _bound(temporal.compare(prefix, rest.replace(" ", "+"), context.now), "timestamptz")


def _bound(condition: prefixes.Condition, sql_type: str) -> Condition:
    return tuple(
        tuple(Comparison(part.side, part.operator, Bind(part.value, sql_type)) for part in parts) for parts in condition
    )


def number(asked: Asked, companions: tuple[Bind, ...] = ()) -> Clause:
    """A number with a prefix."""
    return Numbers(asked.param(), tuple(Amount(number_condition(text)) for text in asked.texts()), companions)


def quantity(asked: Asked, companions: tuple[Bind, ...] = ()) -> Clause:
    """A number with a prefix; number|system|code and number||code ask for the unit too.

    A UCUM unit asks for what is as much in another one as well (R4 search.html 3.1.1.4.10).
    """
    ways = [_ways(_amount(value), asked.param(canonical.SUFFIX)) for value in asked.values]
    groups = zip(companions, ways, strict=True) if companions else ()
    beside = [Bind(one.value, one.type) for one, group in groups for _ in group]
    return Numbers(asked.param(), tuple([one for group in ways for one in group]), tuple(beside))


def _ways(amount: Amount, param: Bind) -> list[Amount]:
    other = canonical.asked(amount, param)
    return [amount] if other is None else [amount, other]


def number_condition(text: str) -> Condition:
    """A number with a prefix, as a condition on a range."""
    prefix, rest = split_prefix(text)
    return _bound(numbers.compare(prefix, numbers.decimal(rest)), "numeric")


def _amount(value: str) -> Amount:
    parts = pieces(value)
    if len(parts) not in {1, 3}:
        raise HubError(Category.INVALID, "is not a quantity", todo="write number, number|system|code or number||code")
    system, code = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
    return Amount(
        number_condition(parts[0]),
        Bind(system, "text") if system else None,
        Bind(code, "text") if code else None,
    )

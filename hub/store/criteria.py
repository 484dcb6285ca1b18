"""A parsed search as data: clauses that must all hold, the order, what to include.

Every value stands in a `Bind`, and two Binds of one SQL type are equal. So two queries of the same shape are equal
whatever their values, and the compiler keeps its statements by shape.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from hub.store.criteria_parts import Amount, Bind, Comparison, Condition, People, Place, Words, shape_of

__all__ = [
    "Amount",
    "Beside",
    "Bind",
    "Chain",
    "Clause",
    "Comparison",
    "Condition",
    "Dates",
    "Defines",
    "Either",
    "Has",
    "Ids",
    "Include",
    "Members",
    "Mentions",
    "Missing",
    "Named",
    "NamedBy",
    "Near",
    "Numbers",
    "People",
    "Phrases",
    "Place",
    "Query",
    "SortKey",
    "Spans",
    "Strings",
    "Target",
    "Texts",
    "Tokens",
    "Types",
    "Under",
    "Words",
    "shape_of",
]


class Ids(Struct, frozen=True):
    """The resource is one of these keys, or (negated) none of them; with `people`, one of these patients."""

    keys: Bind
    negated: bool = False
    people: People | None = None


class Types(Struct, frozen=True):
    """The resource is of one of these types (a search over all types)."""

    numbers: Bind


class Tokens(Struct, frozen=True):
    """Some of these hashes stand in the resource's tokens, or (negated) none.

    `codes`: hashes of the bare codes, if the coding table can lead to the matches; `single` if it is one; `bare` if
    they are all that is asked for, without a system.
    `people`: patients among what is referred to, whose persons count too; `prefix` makes their hashes from their keys.
    `lead`: `people` are all that is asked for and the source-patient key leads to them; it marks the rows whose patient
    this parameter names. `selective`: matches are few by nature.
    """

    hashes: Bind
    negated: bool = False
    codes: Bind | None = None
    single: bool = False
    bare: bool = False
    people: People | None = None
    prefix: Bind | None = None
    lead: Bind | None = None
    selective: bool = False


class Phrases(Struct, frozen=True):
    """The text of a coding fits (`:text`)."""

    param: Bind
    words: tuple[Words, ...]


class Strings(Struct, frozen=True):
    """Some value of a string parameter fits; `companions`, one for each of `words`, must stand beside it.

    `sound`: the number under which the pinyin of its values stands, which fits too.
    """

    param: Bind
    words: tuple[Words, ...]
    companions: tuple[Bind, ...] = ()
    sound: Bind | None = None


class Dates(Struct, frozen=True):
    """Some value of a date parameter fits. `column`: the promoted date, the update time, or side rows."""

    column: Literal["promoted", "updated", "side"]
    param: Bind
    conditions: tuple[Condition, ...]
    companions: tuple[Bind, ...] = ()


class Numbers(Struct, frozen=True):
    """Some value of a number or quantity parameter fits."""

    param: Bind
    amounts: tuple[Amount, ...]
    companions: tuple[Bind, ...] = ()


class Spans(Struct, frozen=True):
    """Two numbers of a composite fit, each its own condition; `companions` as in Strings."""

    param: Bind
    spans: tuple[tuple[Condition, Condition], ...]
    companions: tuple[Bind, ...]


class Texts(Struct, frozen=True):
    """The full text has all numbers of one of some sets (hub.fhir.grams)."""

    param: Bind
    grams: tuple[Bind, ...]


class Near(Struct, frozen=True):
    """Some position lies in one of these circles."""

    places: tuple[Place, ...]


class Members(Struct, frozen=True):
    """Codes that a value set or a code system names: Tokens, once the terminology was asked (hub.store.terminology).

    `kind`: `in` a value set, or `above` or `below` a code. `names` are (value set, "") or (system, code). `where` is
    the parameter as it was asked.
    """

    param: int
    where: str
    kind: Literal["in", "above", "below"]
    names: tuple[tuple[str, str], ...]
    negated: bool = False


class Missing(Struct, frozen=True):
    """The resource has no value for a parameter, or (not missing) has one."""

    param: Bind
    missing: bool


class Defines(Struct, frozen=True):
    """A code system has one of these codes, or (None) any: it is what `found` finds, or has them below others or stands
    without them. Which do, the terminology knows (hub.store.terminology).
    """

    found: Tokens | Missing
    codes: tuple[str, ...] | None


class Target(Struct, frozen=True):
    """Resources of one type that fulfil clauses. `inside`: by what they contain, at the end of a chain of their own."""

    type: Bind
    clauses: tuple[Clause, ...]
    inside: bool = False


class Chain(Struct, frozen=True):
    """It refers, by a parameter, to a resource that fulfils clauses. `lead`: as in Tokens.

    `expand`: to a patient of the same person as one who fulfils them. `within`: the prefix by which it refers to what
    it contains itself.
    """

    prefix: Bind
    targets: tuple[Target, ...]
    lead: Bind | None
    expand: bool = False
    within: Bind | None = None


class Named(Struct, frozen=True):
    """It names, by canonical URL, a definition that fulfils clauses: with the definition's version, or with none.

    `versioned`, `bare`: prefixes of the hashes of either (`bytea`); `urls`, `versions`: the parameters that have the
    url and the version of the definitions (`integer[]`).
    """

    versioned: Bind
    bare: Bind
    urls: Bind
    versions: Bind
    targets: tuple[Target, ...]


class NamedBy(Struct, frozen=True):
    """A resource that fulfils clauses names it by canonical URL; `versioned` to `versions` as in Named."""

    versioned: Bind
    bare: Bind
    urls: Bind
    versions: Bind
    target: Target


class Has(Struct, frozen=True):
    """A resource that fulfils clauses refers to it by a parameter."""

    prefix: Bind
    target: Target


class Under(Struct, frozen=True):
    """It refers, by the parameter of `prefix`, to one of `keys` or to what stands below (`up`: above) them.

    `target` is the type of what stands there, `part_of` the prefix of the reference by which its members hang together.
    """

    prefix: Bind
    target: Target
    part_of: Bind
    keys: Bind
    up: bool


class Either(Struct, frozen=True):
    """It is what one of the targets is: a search over several types by a parameter that each has of its own."""

    targets: tuple[Target, ...]


class Mentions(Struct, frozen=True):
    """It is the owner (patients, or a key in a `uuid[]`), or refers to it by the parameter of one of the prefixes
    (`bytea[]`): a compartment of all its types.
    """

    owner: People | Bind
    prefixes: Bind


Clause: TypeAlias = (
    Ids
    | Types
    | Tokens
    | Phrases
    | Strings
    | Dates
    | Numbers
    | Spans
    | Texts
    | Near
    | Members
    | Defines
    | Missing
    | Chain
    | Named
    | NamedBy
    | Has
    | Under
    | Either
    | Mentions
)


class SortKey(Struct, frozen=True):
    """One key of the order. `param` is bound for values in side rows and for texts.

    `lead`: as in Tokens, of a reference whose text is the source patient where it leads the row. In a search over
    several types both are arrays, and `promoted` are the types (`smallint[]`) of which a date is the promoted one.
    """

    kind: Literal["promoted", "updated", "id", "date", "string", "number", "text"]
    descending: bool
    param: Bind | None = None
    lead: Bind | None = None
    promoted: Bind | None = None


class Include(Struct, frozen=True):
    """`_include` or `_revinclude`: references of `source` by `parameter`, to `target` (None: any); "*" is all."""

    source: str
    parameter: str
    target: str | None
    iterate: bool


class Beside(Struct, frozen=True):
    """A value asked for in the statement of a page, of one state of the database with its rows.

    `text` is SQL of the caller's constants; `{0}` in it is the first of `values`, and so on. `{persons}` is a query of
    the source patients (`pkey`) of the persons whom the predicate's panel names.
    """

    text: str
    values: tuple[Bind, ...]


class Query(Struct, frozen=True):
    """A parsed search. `type` None searches all types. `ignored` names what lenient parsing left out.

    `asked` names the parameters of its criteria, by type and code; they are no part of what it means.
    """

    type: str | None
    clauses: tuple[Clause, ...]
    sort: tuple[SortKey, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    count: int | None = None
    total: Literal["none", "accurate"] | None = None
    summary: Literal["count"] | None = None
    ignored: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()

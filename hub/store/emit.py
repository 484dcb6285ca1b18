"""Text of statements: placeholders in the order of use, and the fragments every clause shares.

Text comes from constants of this package only; every value, and every number of a parameter or a type, is bound (but
those of the types in the gate's predicate).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

from hub.kernel.errors import Category, HubError
from hub.store.criteria import Bind, shape_of

P = TypeVar("P")

#: Values a statement may have: PostgreSQL is sent their number in 15 bits.
_VALUES: Final = 32_767
#: The text of a plan with more values than this is not kept: nobody sends one of its shape again.
_KEPT: Final = 1_000

#: SQL, and its arguments in their order.
Filled = tuple[str, list[Any]]


class Emitter:
    """Numbers the binds of one plan as they are used, and makes fresh table aliases."""

    def __init__(self, found: Sequence[Bind]) -> None:
        self._position = {id(bind): position for position, bind in enumerate(found)}
        if len(self._position) != len(found):
            raise HubError(Category.FAULT, "a value stands twice in a plan", where="search compiler")
        self._number: dict[int, int] = {}
        self._aliases = 0
        self._shared: dict[str, str] = {}

    def use(self, bind: Bind) -> str:
        """The placeholder of a bind, with its type."""
        number = self._number.setdefault(self._position[id(bind)], len(self._number) + 1)
        return f"${number}::{bind.type}"

    def first(self, bind: Bind) -> str:
        """The first item of a bound array."""
        return f"({self.use(bind)})[1]"

    def alias(self, letter: str) -> str:
        """A table alias not used before."""
        self._aliases += 1
        return f"{letter}{self._aliases}"

    def shared(self, name: str, text: Callable[[], str]) -> str:
        """A query that the statement makes once and reads wherever it is named; `text` is asked for the first time."""
        if name not in self._shared:
            self._shared[name] = text()
        return name

    def whole(self, text: str) -> str:
        """The statement with what its parts share before it."""
        shared = ", ".join([f"{name} AS MATERIALIZED ({query})" for name, query in self._shared.items()])
        return f"WITH {shared} {text}" if shared else text

    @property
    def order(self) -> tuple[int, ...]:
        """Position of each placeholder's bind among those of the plan."""
        return tuple(self._number)


def statement(most: int) -> Callable[[Callable[[Emitter, P], str]], Callable[[P], Filled]]:
    """Turn what writes the SQL of a plan into what gives it with its arguments.

    The texts of `most` shapes of plans are kept, those last made; no value of any plan is. Raises HubError TOO_LARGE
    (`too-costly`) for a plan of more values than a statement can have.
    """

    def kept(write: Callable[[Emitter, P], str]) -> Callable[[P], Filled]:
        known: Final[dict[Hashable, tuple[str, tuple[int, ...]]]] = {}

        @wraps(write)
        def filled(plan: P) -> Filled:
            binds: list[Bind] = []
            shape = shape_of(plan, binds)
            found = known.get(shape)
            if found is None:
                _refuse_beyond(len(binds))
                emit = Emitter(binds)
                found = emit.whole(write(emit, plan)), emit.order
                if len(binds) <= _KEPT:
                    while len(known) >= most:
                        del known[next(iter(known))]
                    known[shape] = found
            text, order = found
            return text, [binds[position].value for position in order]

        return filled

    return kept


def _refuse_beyond(values: int) -> None:
    if values > _VALUES:
        what, todo = f"asks for more than {_VALUES} values at once", "ask in several requests"
        raise HubError(Category.TOO_LARGE, what, where="search", todo=todo, code="too-costly")


def reference_token(prefix: str, key: str) -> str:
    """The hash of a reference, from its parameter's prefix and the key it points to: hub.store.tokens.reference."""
    return f"encode(substring(sha256({prefix} || uuid_send({key})) for 16), 'hex')::uuid"


def text_token(prefix: str, text: str) -> str:
    """The hash of a text, from its parameter's prefix: hub.store.tokens.text and its like."""
    return f"encode(substring(sha256({prefix} || convert_to({text}, 'UTF8')) for 16), 'hex')::uuid"


def every(parts: Sequence[str]) -> str:
    """All of them hold."""
    return " AND ".join(parts) or "TRUE"


def some(parts: Sequence[str]) -> str:
    """At least one of them holds, in brackets."""
    return f"({' OR '.join(parts)})" if len(parts) != 1 else parts[0]

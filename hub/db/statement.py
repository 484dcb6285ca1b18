"""SQLAlchemy Core statements compiled once to the text and argument order asyncpg takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from hub.kernel.errors import Category, HubError

_DIALECT: Final = asyncpg_dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

_REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled statement: `sql` with `$1..` placeholders, and the names of its parameters in that order."""

    sql: str
    names: tuple[str, ...]
    _fixed: tuple[Any, ...] = field(repr=False)
    _convert: tuple[tuple[int, Callable[[Any], Any]], ...] = field(repr=False)

    def args(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arguments for asyncpg: `values` by parameter name, literals of the statement where it gives none.

        Raises HubError FAULT naming a parameter that has neither.
        """
        found = [values.get(name, fixed) for name, fixed in zip(self.names, self._fixed, strict=True)]
        if _REQUIRED in found:
            missing = [name for name, value in zip(self.names, found, strict=True) if value is _REQUIRED]
            raise HubError(Category.FAULT, f"no value for parameter {', '.join(missing)}", where="database statement")
        for index, convert in self._convert:
            found[index] = convert(found[index])
        return tuple(found)


def compiled(statement: ClauseElement) -> Statement:
    """Compile `statement` for asyncpg. Keep the result: compiling costs far more than running.

    `column.in_([...])` has no fixed text and raises HubError FAULT: use `column == sqlalchemy.any_(array)`.
    """
    form = statement.compile(dialect=_DIALECT)
    if not isinstance(form, SQLCompiler) or form.post_compile_params:
        raise HubError(
            Category.FAULT, "the statement's text depends on its values", where="database statement", todo="use any_()"
        )
    binds = [form.binds[name] for name in form.positiontup or ()]
    names = tuple(form.bind_names[bind] for bind in binds)
    return Statement(
        sql=form.string,
        names=names,
        _fixed=tuple(_REQUIRED if bind.required else bind.effective_value for bind in binds),
        _convert=tuple((i, to) for i, name in enumerate(names) if callable(to := form._bind_processors.get(name))),
    )

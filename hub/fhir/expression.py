"""The subset of FHIRPath in which R4 writes its search parameters (search-parameters.json, `expression`), as steps.

Union, paths, `as`, `.as()`, `.ofType()`, `[n]`, `.where(name = 'literal')`, `.where(resolve() is Type)`,
`.extension('url')`, `.exists()`, `and`, `=`, `!=`, parentheses and `%resource`. `hub.fhir.fhirpath` reads the text;
here a tree becomes lists of steps, which the index compiles to JSON terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.fhir.fhirpath.parser import parse as read
from hub.fhir.fhirpath.syntax import Binary, Call, Constant, Indexer, Literal, Member, Syntax, TypeTest, dotted
from hub.kernel.errors import Category, HubError


@dataclass(frozen=True, slots=True)
class Field:
    """`.name`: go to the element."""

    name: str


@dataclass(frozen=True, slots=True)
class Cast:
    """`as`, `is` or `ofType`: keep only this type."""

    type: str


@dataclass(frozen=True, slots=True)
class Where:
    """`.where(name = 'value')`: keep items whose element has this value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Resolves:
    """`.where(resolve() is Type)`: keep references to this resource type."""

    type: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`: keep the nth item, from 0."""

    position: int


Step = Field | Cast | Where | Resolves | Index


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the resource (`rooted`, whatever the focus is) or from the focus."""

    steps: tuple[Step, ...]
    rooted: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on a path: it exists (`value` None), or it is / is not equal to a literal."""

    path: Path
    value: str | None = None
    equal: bool = True


@dataclass(frozen=True, slots=True)
class Truth:
    """Conditions that must all hold: the value is a boolean, and there always is one."""

    tests: tuple[Test, ...]


Alternative = Path | Truth


def parse(expression: str) -> tuple[Alternative, ...]:
    """The alternatives of an expression. Raises HubError UNSUPPORTED outside the subset, INVALID for no FHIRPath."""
    return _alternatives(read(expression))


def _alternatives(node: Syntax) -> tuple[Alternative, ...]:
    if isinstance(node, Binary):
        return _combined(node)
    if isinstance(node, Constant) and node.name == "resource":
        return (Path((), rooted=True),)
    if isinstance(node, TypeTest) and node.operator == "as":
        return _extended(_alternatives(node.operand), Cast(node.type))
    if isinstance(node, Indexer):
        return _extended(_alternatives(node.target), Index(_position(node.position)))
    if isinstance(node, Member):
        before = (Path(()),) if node.target is None else _alternatives(node.target)
        return _extended(before, Field(node.name))
    if isinstance(node, Call) and node.target is not None and node.name in _FUNCTIONS:
        return _FUNCTIONS[node.name](_alternatives(node.target), node.arguments)
    raise _unsupported()


def _combined(node: Binary) -> tuple[Alternative, ...]:
    if node.operator == "|":
        return _alternatives(node.left) + _alternatives(node.right)
    if node.operator == "and":
        return (Truth(_tests(node.left) + _tests(node.right)),)
    if node.operator in ("=", "!="):
        return (Truth((Test(_path(node.left), _literal(node.right), node.operator == "="),)),)
    raise _unsupported()


def _tests(node: Syntax) -> tuple[Test, ...]:
    found = _alternatives(node)
    if len(found) != 1 or not isinstance(found[0], Truth):
        raise _unsupported()
    return found[0].tests


def _path(node: Syntax) -> Path:
    found = _alternatives(node)
    if len(found) != 1 or not isinstance(found[0], Path):
        raise _unsupported()
    return found[0]


def _extended(found: tuple[Alternative, ...], *steps: Step) -> tuple[Alternative, ...]:
    return tuple(Path(path.steps + steps, path.rooted) for path in map(_only_path, found))


def _only_path(found: Alternative) -> Path:
    if not isinstance(found, Path):
        raise _unsupported()
    return found


def _literal(node: Syntax) -> str:
    value = node.value if isinstance(node, Literal) else None
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise _unsupported()
    return value


def _position(node: Syntax) -> int:
    value = node.value if isinstance(node, Literal) else None
    if not isinstance(value, int):
        raise _unsupported()
    return value


Arguments = tuple[Syntax, ...]


def _cast(found: tuple[Alternative, ...], arguments: Arguments) -> tuple[Alternative, ...]:
    if len(arguments) != 1 or not dotted(arguments[0]):
        raise _unsupported()
    return _extended(found, Cast(dotted(arguments[0])))


def _exists(found: tuple[Alternative, ...], arguments: Arguments) -> tuple[Alternative, ...]:
    if arguments or len(found) != 1:
        raise _unsupported()
    return (Truth((Test(_only_path(found[0])),)),)


def _extension(found: tuple[Alternative, ...], arguments: Arguments) -> tuple[Alternative, ...]:
    return _extended(found, Field("extension"), Where("url", *map(_literal, arguments)))


def _where(found: tuple[Alternative, ...], arguments: Arguments) -> tuple[Alternative, ...]:
    (criterion,) = arguments
    if isinstance(criterion, TypeTest) and isinstance(criterion.operand, Call) and criterion.operand.name == "resolve":
        return _extended(found, Resolves(criterion.type))
    if isinstance(criterion, Binary) and criterion.operator == "=" and isinstance(criterion.left, Member):
        return _extended(found, Where(criterion.left.name, _literal(criterion.right)))
    raise _unsupported()


_FUNCTIONS: Final[Mapping[str, Callable[[tuple[Alternative, ...], Arguments], tuple[Alternative, ...]]]] = {
    "as": _cast,
    "ofType": _cast,
    "exists": _exists,
    "extension": _extension,
    "where": _where,
}


def _unsupported() -> HubError:
    return HubError(Category.UNSUPPORTED, "expression leaves the FHIRPath subset of search parameters", code="fhirpath")

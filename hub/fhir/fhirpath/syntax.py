"""The syntax tree of an expression (FHIRPath section 12, grammar)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.fhir.fhirpath.system import Value


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A value written out; None is `{}`, the empty collection."""

    value: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """`%name`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Special:
    """`$this`, `$index` or `$total`, without the sign."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """`target.name`; without a target, of what the expression is asked about."""

    target: Syntax | None
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """`target.name(arguments)`."""

    target: Syntax | None
    name: str
    arguments: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Indexer:
    """`target[position]`."""

    target: Syntax
    position: Syntax


@dataclass(frozen=True, slots=True, eq=False)
class Sign:
    """`+operand` or `-operand`."""

    sign: str
    operand: Syntax


@dataclass(frozen=True, slots=True, eq=False)
class TypeTest:
    """`operand is type` or `operand as type`; the type may have a namespace (`FHIR.Patient`)."""

    operator: str
    operand: Syntax
    type: str


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """`left operator right`."""

    operator: str
    left: Syntax
    right: Syntax


Syntax = Literal | Constant | Special | Member | Call | Indexer | Sign | TypeTest | Binary


def dotted(node: Syntax | None) -> str:
    """`A.B` for a path of names alone, which is how a type is written as an argument; "" for anything else."""
    names: list[str] = []
    while isinstance(node, Member):
        names.append(node.name)
        node = node.target
    return ".".join(reversed(names)) if node is None else ""

"""What a conditional reference means among what its own transaction writes (R4 http.html#trules, step 5).

References that are searches are resolved after the writes. What is written is not searchable before the commit, so the
criteria people use for this, tokens (`identifier=system|value`), are compared with the resources themselves; other
parameters are asked of the record alone. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hub.api.fhir.plan import Criterion, Step
from hub.fhir.extract import extract
from hub.fhir.query_text import split, unescape
from hub.fhir.search_parameters import parameters
from hub.gate.released import Released
from hub.kernel.types import Json

#: Tokens that the hub gives, which are not in what was sent.
_OF_THE_HUB: Final = frozenset({"_id", "_security"})


def meant(criterion: Criterion, stored: Released | None, steps: Sequence[Step]) -> list[str]:
    """`Type/id` of what fulfils a criterion once the steps are done; `stored` is what does in the record now."""
    writing = [step for step in steps if step.type == criterion.type and not step.idle and not step.entry.patches]
    made = [f"{step.type}/{step.id}" for step in writing if fulfils(step.entry.resource, criterion)]
    known = [] if stored is None else [f"{stored.type}/{stored.id}"]
    changed = {f"{step.type}/{step.id}" for step in writing}
    # What is deleted or rewritten here is what it will be.
    kept = [name for name in known if name not in changed or not (_is_plain(criterion) or _deletes(writing, name))]
    return list(dict.fromkeys([*made, *kept]))


def fulfils(resource: Json | None, criterion: Criterion) -> bool:
    """Whether a resource fulfils a criterion of plain tokens; no resource, and no other criterion, does."""
    if resource is None or not _is_plain(criterion):
        return False
    tokens = extract(resource).tokens
    return all(_has(((row[1], row[2]) for row in tokens if row[0] == name), value) for name, value in criterion.params)


def _is_plain(criterion: Criterion) -> bool:
    known = parameters(criterion.type).keys() - _OF_THE_HUB
    return all(name in known and parameters(criterion.type)[name].type == "token" for name, _ in criterion.params)


def _deletes(writing: Iterable[Step], name: str) -> bool:
    return any(step.entry.method == "DELETE" and f"{step.type}/{step.id}" == name for step in writing)


def _has(values: Iterable[tuple[str | None, str | None]], asked: str) -> bool:
    """Whether one of some (system, code) fits one of the alternatives of a value."""
    wanted = [[unescape(part) for part in split(one, "|", 1)] for one in split(asked, ",")]
    return any(_fits(system, code, one) for system, code in values for one in wanted)


def _fits(system: str | None, code: str | None, wanted: Sequence[str]) -> bool:
    if len(wanted) == 1:
        return code == wanted[0]
    return (system or "") == wanted[0] and wanted[1] in ("", code)

"""A preview as a patient reads it: who sees how many records now, and how many then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hub.gate.preview_audiences import Who
from hub.gate.previews import Preview, Seen
from hub.portal.texts import Texts


@dataclass(frozen=True, slots=True)
class Kind:
    """Records of one kind: how many now, how many then."""

    words: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One audience; `change` is `more`, `less` or `same`."""

    who: str
    before: int
    after: int
    change: str
    kinds: tuple[Kind, ...]


def outlook(
    preview: Preview, say: Texts, facility: Callable[[str], str | None], person: Callable[[str], str | None]
) -> list[Line]:
    """Whoever sees something now or then. A facility is shown as if it looked after her: what it would see there."""
    shown = [one for one in preview.audiences if one.who is not Who.FACILITY or one.treats]
    return [_line(one, _who(one, say, facility, person), say) for one in shown if one.before or one.after]


def _line(one: Seen, who: str, say: Texts) -> Line:
    before, after = sum(one.before.values()), sum(one.after.values())
    change = "same" if one.before == one.after else "more" if after > before else "less"
    return Line(who=who, before=before, after=after, change=change, kinds=tuple(_kinds(one, say)))


def _kinds(one: Seen, say: Texts) -> Iterator[Kind]:
    counts: Mapping[str, None] = dict.fromkeys([*one.before, *one.after])
    for kind in counts:
        yield Kind(say.code("record_kind", kind, kind), one.before.get(kind, 0), one.after.get(kind, 0))


def _who(one: Seen, say: Texts, facility: Callable[[str], str | None], person: Callable[[str], str | None]) -> str:
    if one.who is Who.FACILITY:
        return facility(one.organization) or one.organization
    name = person(one.person or "") if one.who is Who.FAMILY_DOCTOR else None
    words = say.code("audience", one.who.value)
    return f"{words} {name}" if name else words

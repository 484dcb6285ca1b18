"""What one line of the timeline says, and what is needed to say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.auth.directory import PREFIX, Directory
from hub.portal.elements import human_name, reference, text
from hub.portal.record import Item, Record
from hub.portal.texts import Texts
from hub.portal.values import Result

#: The kinds of entries, in the order of the filter.
KINDS: Final = (
    "visit",
    "followup",
    "laboratory",
    "imaging",
    "measurement",
    "medication",
    "condition",
    "allergy",
    "other",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: `title` says it in a few words, `details` in further short texts, `results` what was measured.

    `tag` names the form it came in (prescribed, dispensed); `link` is where its images are shown; `messages` are the
    inbox messages behind it, empty for what clients wrote; `references` the resources it shows.
    """

    kind: str
    began: datetime | None
    title: str
    organization: str
    ended: datetime | None = None
    tag: str = ""
    link: str = ""
    status: str = ""
    details: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    messages: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def last(self) -> datetime | None:
        """The last moment; `ended` is the first one after."""
        return self.ended - timedelta(microseconds=1) if self.ended else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A record being read for one reader: gives the names behind references.

    `viewers` are those of studies, by the Endpoint a study names: addresses with `{study}` where the UID stands.
    """

    record: Record
    say: Texts
    directory: Directory
    viewers: Mapping[str, str] = field(default_factory=dict)
    _known: Mapping[str, Item] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = {item.reference: item for item in self.record.items} | dict(self.record.others)
        object.__setattr__(self, "_known", known)

    def item(self, wanted: str) -> Item | None:
        """The resource behind a reference, if it was released too."""
        return self._known.get(wanted)

    def named(self, value: object) -> str:
        """Who or what a Reference names: the released resource's own name, else the stated display."""
        wanted = reference(value)
        if wanted.startswith(PREFIX):
            return self.facility(wanted)
        item = self._known.get(wanted)
        own = (text(item.resource, "name") or human_name(item.resource)) if item else ""
        return own or (text(value, "display") if isinstance(value, dict) else "")

    def facility(self, organization: str) -> str:
        """The name of an organisation by code or reference; the code of one that is not in the directory."""
        return self.directory.name(organization) or organization.removeprefix(PREFIX)

    def entry(self, item: Item, kind: str, title: str, *details: str, results: tuple[Result, ...] = ()) -> Entry:
        """The entry of one resource, with what every entry says."""
        resource = item.resource
        return Entry(
            kind=kind,
            began=item.began,
            ended=item.ended,
            title=title or self.say.code("type", item.type, item.type),
            organization=item.organization,
            tag=self.say.code("type", item.type),
            status=self.say.code("status", text(resource, "status"), text(resource, "status")),
            details=tuple(filter(None, details)),
            results=results,
            messages=(item.message,) if item.message else (),
            references=(item.reference,),
        )


#: Turns a resource of one type into its entry.
Maker = Callable[[Item, Reading], Entry]

_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """By time, those without one last; at one time in an order that does not change."""
    return sorted(entries, key=lambda entry: (entry.began or _OLDEST, entry.references), reverse=True)

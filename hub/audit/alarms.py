"""Alarms over the entries of the trail, one after the other. Pure: what is seen gives what is to be told.

An alarm is told once for each who; again when its time has passed. Alarms are entries of the trail in their turn
(`alarm=...`), so nobody can take one back unseen, and whoever begins anew knows from the trail which were told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from hub.audit.alarm_rules import Rule, Rules
from hub.audit.entry import Entry

#: How the query of an alarm's entry begins.
ALARM: Final = "alarm="
_CHINA: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """`who` did `count` of what the rule counts between `since` and `at`."""

    rule: str
    level: str
    who: str
    count: int
    since: datetime
    at: datetime


class _Window:
    """What a rule counted of somebody within its span, each once with the time of the last, the longest ago first.

    Whoever reads without pause looks at the same patients again and again: a look costs what it changes, and holds
    nothing that was there before.
    """

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: Final[dict[str, datetime]] = {}

    def add(self, at: datetime, whats: Iterable[str]) -> None:
        for what in whats:
            self.last.pop(what, None)
            self.last[what] = at

    def forget(self, until: datetime) -> None:
        while self.last:
            what = next(iter(self.last))
            if self.last[what] > until:
                return
            del self.last[what]


class Watch:
    """Looks at entries in the order of the tree."""

    def __init__(self, rules: Rules) -> None:
        self._rules: Final = rules
        self._seen: Final[defaultdict[tuple[str, str], _Window]] = defaultdict(_Window)
        #: When an alarm was given last, and when the trail says it was.
        self._given: Final[dict[tuple[str, str], datetime]] = {}
        self._told: Final[dict[tuple[str, str], datetime]] = {}

    @property
    def longest(self) -> timedelta:
        """The longest time a rule looks back."""
        return max((rule.span for rule in self._rules.rules), default=timedelta())

    def see(self, entry: Entry) -> list[Alarm]:
        """The alarms an entry gives."""
        if (entry.query or "").startswith(ALARM):
            told = parse_qs(entry.query or "")
            self._told[told["alarm"][0], told.get("who", [""])[0]] = entry.time
            return []
        found = [self._see(rule, entry) for rule in self._rules.rules if self._fits(rule, entry)]
        return [alarm for alarm in found if alarm is not None]

    def told(self, alarm: Alarm) -> bool:
        """Whether the trail has this alarm already: for who looks at old entries again."""
        at = self._told.get((alarm.rule, alarm.who))
        return at is not None and at >= alarm.at

    def _see(self, rule: Rule, entry: Entry) -> Alarm | None:
        who = _who(rule, entry)
        window = self._seen[rule.name, who]
        window.add(entry.time, self._counted(rule, entry))
        window.forget(entry.time - rule.span)
        count = len(window.last)
        if count <= rule.most:
            return None
        since = next(iter(window.last.values()))
        alarm = Alarm(rule=rule.name, level=rule.level, who=who, count=count, since=since, at=entry.time)
        last = self._given.get((rule.name, who))
        if last is not None and last > entry.time - rule.span:
            return None
        self._given[rule.name, who] = entry.time
        return alarm

    def _counted(self, rule: Rule, entry: Entry) -> Collection[str]:
        return entry.patients if rule.count == "patients" else (str(entry.id),)

    def _fits(self, rule: Rule, entry: Entry) -> bool:
        when = rule.when
        return (
            ("outcomes" not in when or entry.outcome.value in when["outcomes"])
            and ("reasons" not in when or entry.reason in when["reasons"])
            and ("break_glass" not in when or entry.requester.break_glass is not None)
            and ("roles" not in when or entry.requester.role in when["roles"])
            and ("deed" not in when or (entry.query or "").startswith(when["deed"]))
            and ("between" not in when or _between(entry.time, *when["between"]))
            and ("list" not in when or self._listed(when["list"], entry))
        )

    def _listed(self, name: str, entry: Entry) -> bool:
        own = self._rules.family.get(entry.requester.reference or "", frozenset())
        return not (self._rules.vip if name == "vip" else own).isdisjoint(entry.patients)


def _who(rule: Rule, entry: Entry) -> str:
    who = entry.requester
    if rule.by == "address":
        return entry.origin.address
    client = " ".join(filter(None, (who.client, who.organization)))
    return client if rule.by == "client" else who.reference or client


def _between(at: datetime, low: int, high: int) -> bool:
    hour = at.astimezone(_CHINA).hour
    return low <= hour < high if low < high else hour >= low or hour < high

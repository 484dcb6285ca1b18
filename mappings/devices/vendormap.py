"""Vendor maps: where in a vendor's JSON things stand, and what they are; `vendors/*.yaml`, or the profile of a feed.

| key | |
|---|---|
| `name` | of the map; ids of its devices and readings are made with it |
| `extends` | a map that comes with the hub: measures and events are added or replaced by name |
| `readings` | path of the list of readings; absent: the payload is one |
| `device` | path of the device's number |
| `time` | path of the time of measurement; `form`: epoch-seconds, epoch-milliseconds or text; `zone` of bare texts |
| `sent` | path, in the payload, of the sender's own clock when it sent (same form) |
| `events` | alarms: `name`, `text`, `when`; what an event is told by is no value of a measure |
| `subject` | paths of the `citizen_id` and `name` of who was measured, where a kiosk reads a card |
| `measures` | `path`, `when`, `mdc`, `loinc`, `unit`, `units` (family), `unit_path`, `range`, `panel` |
| `when` | of measures and events: path to the value that must stand there, or a list of them; null: nothing stands |

A path is names and numbers joined by `.`. A mistake is told with its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from hub.kernel.errors import Category, HubError
from hub.kernel.yamlfile import YamlFile, check, read, refuse
from mappings.devices.vendor_schema import SCHEMA
from mappings.forms.formmap import Observe, Question

_FOLDER: Final = Path(__file__).parent / "vendors"

TimeForm = Literal["epoch-seconds", "epoch-milliseconds", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One value of a reading. `question` holds its unit, family of units and plausible range."""

    path: str
    mdc: str
    mdc_name: str
    question: Question
    when: Mapping[str, tuple[str, ...]]
    unit_path: str = ""

    @property
    def name(self) -> str:
        return self.question.link

    @property
    def panel(self) -> str:
        return self.question.observe.panel if self.question.observe else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a device tells of that has no value, such as a fall."""

    name: str
    text: str
    when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """All a vendor map says."""

    name: str
    device: str
    time: str
    form: TimeForm
    zone: str
    measures: tuple[Measure, ...]
    events: tuple[Event, ...] = ()
    readings: str = ""
    sent: str = ""
    citizen_id: str = ""
    person_name: str = ""


@cache
def vendor(name: str) -> Vendor:
    """A map that comes with the hub. Raises HubError NOT_FOUND."""
    return vendor_of(_shipped(name).data)


def load(path: Path) -> Vendor:
    """The vendor map in a file. Raises HubError with the lines that are wrong."""
    return vendor_of(_whole(read(path)))


def shipped() -> tuple[str, ...]:
    """The names of the maps that come with the hub."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def _shipped(name: str) -> YamlFile:
    if name not in shipped():
        todo = f"one of {', '.join(shipped())}"
        raise HubError(Category.NOT_FOUND, "no such vendor map comes with the hub", where="vendor", todo=todo)
    return read(_FOLDER / f"{name}.yaml")


def _whole(file: YamlFile) -> Mapping[str, Any]:
    """What a file says, with what the map it extends says beside."""
    complaints = check(file, SCHEMA)
    extended = file.data.get("extends") if not complaints else None
    if extended is not None and extended not in shipped():
        complaints = [file.complaint(f"is none of {', '.join(shipped())}", "extends")]
    if extended is None and not complaints:
        missing = [name for name in ("device", "time", "measures") if name not in file.data]
        complaints = [file.complaint(f"{name} is missing", name) for name in missing]
    refuse(file, complaints)
    if extended is None:
        return dict(file.data)
    base = _shipped(extended).data
    return {**base, **file.data, **{key: _merged(key, base, file.data) for key in ("measures", "events")}}


def _merged(key: str, base: Mapping[str, Any], own: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list({row["name"]: row for row in (*base.get(key, ()), *own.get(key, ()))}.values())


def vendor_of(data: Mapping[str, Any]) -> Vendor:
    """A vendor map as it stands in a file, whole."""
    time = data["time"]
    return Vendor(
        name=data["name"],
        device=data["device"],
        time=time["path"],
        form=time["form"],
        zone=time.get("zone", "+08:00"),
        measures=tuple(map(_measure, data["measures"])),
        events=tuple(Event(**{**row, "when": _when(row)}) for row in data.get("events", ())),
        readings=data.get("readings", ""),
        sent=data.get("sent", ""),
        citizen_id=data.get("subject", {}).get("citizen_id", ""),
        person_name=data.get("subject", {}).get("name", ""),
    )


def _measure(row: Mapping[str, Any]) -> Measure:
    low, high = row["range"]
    question = Question(
        link=row["name"],
        columns=(row["text"],),
        type="quantity",
        unit=row["unit"],
        units=row.get("units", ""),
        low=Decimal(str(low)),
        high=Decimal(str(high)),
        observe=Observe(
            code=row.get("loinc", ""),
            display=row.get("display", ""),
            category=row.get("category", "vital-signs"),
            panel=row.get("panel", ""),
        ),
    )
    return Measure(
        path=row["path"],
        mdc=str(row.get("mdc", "")),
        mdc_name=row.get("mdc_name", ""),
        question=question,
        when=_when(row),
        unit_path=row.get("unit_path", ""),
    )


def _when(row: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    return {
        name: tuple(map(_plain, value if isinstance(value, list) else [value]))
        for name, value in row.get("when", {}).items()
    }


def _plain(value: Any) -> str:
    """A value as it is compared; an empty one is as one that is absent."""
    return "" if value is None else str(value)


def holds(when: Mapping[str, tuple[str, ...]], data: Any) -> bool:
    """Whether the members at these paths have one of these values each."""
    return all(_plain(at(data, path)) in values for path, values in when.items())


def at(data: Any, path: str) -> Any:
    """What stands at a path; None if nothing does."""
    for step in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data

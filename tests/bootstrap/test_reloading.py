"""Profiles that change under running workers: taken when they are right and at rest, else the old one stays."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from hub.bootstrap.feeds import editions
from hub.bootstrap.formats import reading_of
from hub.bootstrap.reading import Reading
from hub.bootstrap.reloading import ProfileWatch
from hub.kernel.consortium import Feed
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.log import Log
from hub.kernel.ports import Translator
from hub.kernel.types import Json
from hub.pipeline.conversions import Conversions
from tests.bootstrap.test_editions import consortium
from tests.mappings.messages import oru

MESSAGE = oru(1).encode()


class Watched:
    """A profile that extends another and has a code map, watched by a clock of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "vendor").mkdir()
        self.vendor, self.map, self.own = folder / "vendor" / "lis.yaml", folder / "items.csv", folder / "f03.yaml"
        self.write(self.vendor, "name: lis\nzone: '+08:00'\n")
        self.write(self.map, "local,system,code,display\nT001,http://loinc.org,718-7,Hb\n")
        self.write(self.own, "name: f03\nextends: vendor/lis.yaml\ncodes: {OBX-3: items.csv}\n")
        self.now, self.lines = 0.0, io.StringIO()
        self.consortium = consortium(self.own)
        log = Log("worker", stream=self.lines)
        self.watch = ProfileWatch(self.consortium, _read, _translator, log, lambda: self.now)

    def write(self, path: Path, text: str) -> None:
        """Write it with a time of change of its own, however fast the test is."""
        path.write_text(text, encoding="utf-8")
        self.writes = getattr(self, "writes", 0) + 1
        os.utime(path, (1_700_000_000 + self.writes, 1_700_000_000 + self.writes))

    def look(self) -> Conversions | None:
        self.now += 5
        return self.watch()

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.lines.getvalue().splitlines()]

    def observation(self) -> Json:
        said = self.watch.conversions.translators["F01.his"](MESSAGE)
        (found,) = [each.resource for each in said.drafts if each.resource["resourceType"] == "Observation"]
        return found


def _read(feed: Feed) -> Reading:
    return reading_of(feed, feed.profile)


def _translator(feed: Feed, reading: Reading) -> Translator:
    return reading.translator(feed.facility, keyed_ids(PUBLIC_KEY), "https://hub.example")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_profile_is_taken_over_once_its_files_are_at_rest(watched: Watched) -> None:
    assert watched.look() is None
    before = watched.watch.conversions.editions["F01.his"]
    watched.write(watched.own, "name: f03\nextends: vendor/lis.yaml\nzone: '+06:00'\n")
    assert watched.look() is None
    changed = watched.look()
    assert changed is not None
    assert changed.editions == editions(watched.consortium) != {"F01.his": before}
    assert watched.observation()["effectiveDateTime"].endswith("+06:00")
    assert watched.look() is None
    assert watched.events() == ["profile_taken"]


@pytest.mark.parametrize("which", ["vendor", "map"])
def test_a_change_of_what_a_profile_stands_on_is_a_change_of_it(which: str, watched: Watched) -> None:
    texts = {
        "vendor": "name: lis\nzone: '+06:00'\n",
        "map": "local,system,code,display\nT001,http://loinc.org,789-8,RBC\n",
    }
    watched.write(getattr(watched, which), texts[which])
    watched.look()
    assert watched.look() is not None
    found = watched.observation()
    coded = found["code"]["coding"][0]["code"]
    assert (found["effectiveDateTime"][-6:], coded) == {"vendor": ("+06:00", "718-7"), "map": ("+08:00", "789-8")}[
        which
    ]


def test_a_wrong_profile_changes_nothing_and_is_told_once_until_it_is_right_again(watched: Watched) -> None:
    watched.write(watched.own, "name: f03\nzone: tomorrow\n")
    assert [watched.look() for _ in range(4)] == [None] * 4
    assert watched.events() == ["profile_refused"]
    assert watched.observation()["effectiveDateTime"].endswith("+08:00")
    watched.own.unlink()
    assert [watched.look() for _ in range(3)] == [None] * 3
    watched.write(watched.own, "name: f03\nzone: '+06:00'\n")
    watched.look()
    assert watched.look() is not None
    assert watched.events() == ["profile_refused", "profile_refused", "profile_taken"]


def test_the_files_are_not_looked_at_before_each_batch(watched: Watched) -> None:
    watched.write(watched.own, "name: f03\nzone: '+06:00'\n")
    assert [watched.watch() for _ in range(5)] == [None] * 5
    assert not watched.events()

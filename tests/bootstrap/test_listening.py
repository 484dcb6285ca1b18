"""Listeners follow the profiles of their feeds, and keep the order of messages over a change."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from hub.bootstrap.formats import reading_of
from hub.bootstrap.listening import ListeningProfiles
from hub.bootstrap.reading import Reading
from hub.kernel.consortium import Feed
from hub.kernel.log import Log
from hub.kernel.types import Envelope
from tests.bootstrap.test_editions import consortium

FEED = "F01.his"
MESSAGE = "MSH|^~\\&|HIS|F01|HUB|Y|20260301083000||ADT^A08|M1|P|2.5.1\rPID|1||A1^^^H^MR~Z9||沈^桂兰\r".encode("gbk")


class Listening:
    """A listener whose profile is a file, by a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.profile, self.now, self.writes = folder / "his.yaml", 0.0, 0
        self.write("charset: utf-8")
        profiles = ListeningProfiles(consortium(self.profile), Log("mllp", stream=io.StringIO()), lambda: self.now)
        self.read = profiles.readers()[FEED]

    def write(self, text: str) -> None:
        self.profile.write_text(f"name: his\n{text}\n", encoding="utf-8")
        self.writes += 1
        os.utime(self.profile, (1_700_000_000 + self.writes, 1_700_000_000 + self.writes))

    def after(self, seconds: float) -> Envelope:
        """The envelope of a message that comes some time after two looks at the files."""
        for _ in range(2):
            self.now += 5
            self.read(MESSAGE)
        self.now += seconds
        return self.read(MESSAGE)


@pytest.fixture
def listening(tmp_path: Path) -> Listening:
    return Listening(tmp_path)


def test_the_message_after_a_change_is_read_by_the_new_profile(listening: Listening) -> None:
    assert listening.read(MESSAGE).charset == "utf-8"
    listening.write("charset: gb18030")
    assert listening.after(0).charset == "gb18030"


def test_for_an_hour_a_message_waits_behind_those_that_were_read_by_the_profile_before(listening: Listening) -> None:
    assert listening.read(MESSAGE).lanes == ("A1", "Z9")
    listening.write("identifiers: {ignore: [Z9]}")
    assert listening.after(0).lanes == ("A1", "Z9")
    assert listening.after(3600).lanes == ("A1",)


def test_while_one_thread_takes_a_changed_profile_the_others_read_on_and_none_forgets_the_lanes_before(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking, go_on = Event(), Event()

    def slowly(feed: Feed, profile: Path | None) -> Reading:
        taking.set()
        assert go_on.wait(60)
        return reading_of(feed, profile)

    monkeypatch.setattr("hub.bootstrap.listening.reading_of", slowly)
    listening.write("identifiers: {ignore: [Z9]}")
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(listening.after, 0)
        assert taking.wait(60)
        try:
            assert [listening.read(MESSAGE).lanes for _ in range(3)] == [("A1", "Z9")] * 3
        finally:
            go_on.set()
        assert other.result().lanes == ("A1", "Z9")
    listening.now += 3600
    assert listening.read(MESSAGE).lanes == ("A1",)


def test_a_wrong_profile_leaves_the_listener_as_it_is(listening: Listening) -> None:
    listening.write("charset: nothing-of-the-kind")
    assert listening.after(0).charset == "utf-8"
    listening.write("rows: {nowhere: null}")
    assert listening.after(0).charset == "utf-8"

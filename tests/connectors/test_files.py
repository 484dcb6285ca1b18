"""Files of feeds: taken message by message, moved when all is durable, and never lost or doubled by a crash."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.files.folder import Folder
from connectors.files.intake import FileIntake
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Accepted, Envelope, Received, State

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Shelf:
    """An inbox in memory, which knows identities; it is away after `room` messages."""

    def __init__(self, room: int = 1000) -> None:
        self.kept: list[Received] = []
        self.room = room

    async def accept(self, received: Received) -> Accepted:
        if len(self.kept) >= self.room:
            raise HubError(Category.UNAVAILABLE, "away")
        known = {each.envelope.identity for each in self.kept}
        self.kept.append(received)
        state = State.DEAD if received.envelope.problem else State.QUEUED
        return Accepted(message=len(self.kept), state=State.DUPLICATE if received.envelope.identity in known else state)

    def raws(self) -> list[bytes]:
        return [each.raw for each in self.kept]


def split(raw: bytes, received: datetime) -> Iterator[tuple[str, bytes]]:
    assert received == NOON
    if raw.startswith(b"!"):
        raise HubError(Category.UNREADABLE, "is no list of lines", code="lines")
    for number, line in enumerate(raw.split(b"\n"), 1):
        yield f"row {number}", line


def intake(shelf: Shelf) -> FileIntake:
    return FileIntake(
        "forms",
        inbox=shelf,
        read_envelope=lambda raw: Envelope(identity=raw.decode()),
        split=split,
        to_mend=lambda raw, _: b"mend " + raw if b"bad" in raw else b"",
        clock=fixed_clock(NOON),
    )


def test_every_message_of_a_file_is_accepted_with_its_place() -> None:
    shelf = Shelf()
    taken = asyncio.run(intake(shelf)(b"a\nbad\na", "folder"))
    assert [each.state for each in taken.messages] == [State.QUEUED, State.QUEUED, State.DUPLICATE]
    assert taken.to_mend == b"mend a\nbad\na"
    assert shelf.kept[1].peer.startswith("folder ")
    assert shelf.kept[1].peer.endswith(" row 2")


def test_a_file_that_cannot_be_taken_apart_is_one_dead_letter_kept_whole() -> None:
    shelf = Shelf()
    taken = asyncio.run(intake(shelf)(b"!noise", "folder"))
    assert [each.state for each in taken.messages] == [State.DEAD]
    assert shelf.raws() == [b"!noise"]
    assert taken.refusal is not None
    assert taken.refusal.code == "lines"


class Watched:
    """A folder with files and what came of them."""

    def __init__(self, path: Path, shelf: Shelf, marker: str = "") -> None:
        self.path, self.shelf, self.log = path, shelf, io.StringIO()
        self.folder = Folder(path, "forms", intake(shelf), Log("files", stream=self.log), marker)

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            asyncio.run(self.folder.look())

    def names(self, folder: str = ".") -> list[str]:
        return sorted(each.name for each in (self.path / folder).iterdir() if each.is_file())


def test_a_file_is_taken_once_it_no_longer_grows_and_is_moved(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "in", Shelf())
    watched.look()
    file = tmp_path / "in" / "a.csv"
    file.write_bytes(b"one")
    watched.look(1)
    file.write_bytes(b"one\ntwo")
    watched.look(1)
    assert watched.shelf.kept == []
    watched.look(1)
    assert watched.shelf.raws() == [b"one", b"two"]
    assert (watched.names(), watched.names("done")) == ([], ["a.csv"])


def test_what_is_to_be_mended_lies_beside_under_the_same_name(tmp_path: Path) -> None:
    watched = Watched(tmp_path, Shelf())
    (tmp_path / "三月.xlsx").write_bytes(b"bad")
    watched.look()
    assert (tmp_path / "mend" / "三月.csv").read_bytes() == b"mend bad"
    assert watched.names("done") == ["三月.xlsx"]
    assert "三月" not in watched.log.getvalue()


def test_a_file_that_was_taken_in_part_stays_and_is_taken_again_without_loss(tmp_path: Path) -> None:
    shelf = Shelf(room=2)
    watched = Watched(tmp_path, shelf)
    (tmp_path / "a.csv").write_bytes(b"one\ntwo\nthree")
    watched.look()
    assert watched.names() == ["a.csv"]
    assert "folder.not-taken" in watched.log.getvalue()
    shelf.room = 100
    Watched(tmp_path, shelf).look()
    assert {each.envelope.identity for each in shelf.kept} == {"one", "two", "three"}
    assert watched.names("done") == ["a.csv"]


def test_a_process_that_dies_before_the_move_takes_the_file_again_as_duplicates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    (tmp_path / "a.csv").write_bytes(b"one\ntwo")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("connectors.files.folder._moved", killed)
        with pytest.raises(KeyboardInterrupt):
            Watched(tmp_path, shelf).look()
    again = Watched(tmp_path, shelf)
    again.look()
    assert again.names("done") == ["a.csv"]
    assert shelf.raws() == [b"one", b"two"] * 2
    assert len({each.envelope.identity for each in shelf.kept}) == 2


def test_a_second_file_of_a_name_and_one_that_is_no_list_are_kept_apart(tmp_path: Path) -> None:
    watched = Watched(tmp_path, Shelf())
    for content in (b"one", b"two"):
        (tmp_path / "a.csv").write_bytes(content)
        watched.look(3)
    (tmp_path / "b.csv").write_bytes(b"!")
    watched.look()
    assert watched.names("done") == ["a.2.csv", "a.csv"]
    assert watched.names("refused") == ["b.csv"]


def test_files_that_are_still_written_and_links_are_left_alone(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "in", Shelf())
    watched.look()
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for name in (".a.csv", "~$a.xlsx", "a.csv.part", "b.TMP"):
        (tmp_path / "in" / name).write_bytes(b"half")
    (tmp_path / "in" / "link.csv").symlink_to(secret)
    watched.look(3)
    assert watched.shelf.kept == []


def test_where_a_marker_is_asked_for_half_an_upload_waits_for_ever(tmp_path: Path) -> None:
    watched = Watched(tmp_path, Shelf(), ".ok")
    (tmp_path / "a.csv").write_bytes(b"on")
    watched.look(5)
    assert watched.shelf.kept == []
    (tmp_path / "a.csv").write_bytes(b"one")
    (tmp_path / "a.csv.ok").touch()
    watched.look()
    assert watched.shelf.raws() == [b"one"]
    assert (watched.names(), watched.names("done")) == ([], ["a.csv"])
    (tmp_path / "b.ok").touch()
    watched.look(3)
    assert watched.shelf.raws() == [b"one"]


def test_nothing_a_sender_puts_into_the_folder_leads_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    watched = Watched(inside, Shelf())
    watched.look()
    # A link put in the place of a file between the look and the reading is not followed.
    (inside / "a.csv").write_bytes(b"secret")
    seen = watched.folder._complete

    def swapped() -> list[str]:
        names = seen()
        if names:
            (inside / "a.csv").unlink()
            (inside / "a.csv").symlink_to(outside / "secret")
        return names

    with monkeypatch.context() as patch:
        patch.setattr(watched.folder, "_complete", swapped)
        watched.look(3)
    assert watched.shelf.kept == []
    assert "folder.not-read" in watched.log.getvalue()
    # A folder for results that is a link takes nothing.
    (inside / "a.csv").unlink()
    (inside / "mend").rmdir()
    (inside / "mend").symlink_to(outside)
    (inside / "b.csv").write_bytes(b"bad")
    watched.look(3)
    assert (watched.shelf.kept, watched.names()) == ([], ["b.csv"])
    assert sorted(each.name for each in outside.iterdir()) == ["secret"]

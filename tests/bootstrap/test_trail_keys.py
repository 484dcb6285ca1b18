"""The key of the trail is renewed while it is used: what was signed holds, and nobody is left behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.audit import verify
from hub.audit.export import export
from hub.audit.notes import checkpoint_text
from hub.audit.sequencer import Sequencer
from hub.audit.trail import Trail
from hub.auth.keys import KeyStore
from hub.bootstrap import trail_keys
from hub.bootstrap.trail_keys import OVERLAP, Signers
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from tests.audit.entries import NOW, read
from tests.audit.trees import salt, with_database


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


TEXT = checkpoint_text("yilian-hub.example/x", 3, bytes(32))


def made(folder: Path, clock: Hands) -> tuple[KeyStore, Signers]:
    keys = KeyStore(folder / "keys")
    return keys, Signers(keys.folder, keys.installation, clock)


def renewed(keys: KeyStore, clock: Hands) -> str:
    verifier, _ = trail_keys.renew(keys.folder, keys.installation, clock.now)
    clock.now += timedelta(seconds=5)
    return verifier


def test_the_old_key_signs_beside_the_new_one_for_a_time_and_then_only_its_public_part_is_left(tmp_path: Path) -> None:
    clock = Hands()
    keys, signing = made(tmp_path, clock)
    (old,) = signing.verifiers
    new = renewed(keys, clock)
    note = signing.note(TEXT)
    assert note.count("\n\u2014 ") == 2
    assert signing.verifiers == [new, old]
    clock.now += OVERLAP
    assert signing.note(TEXT).count("\n\u2014 ") == 1
    assert signing.verifiers == [new, old]
    (left,) = trail_keys.files(keys.folder)
    assert b"PRIVATE" not in left.read_bytes()
    assert signing.made(note, TEXT)


def test_what_a_retired_key_signed_holds_and_what_a_stranger_signed_does_not(tmp_path: Path) -> None:
    clock = Hands()
    keys, signing = made(tmp_path, clock)
    before = signing.note(TEXT)
    renewed(keys, clock)
    clock.now += OVERLAP
    assert signing.made(before, TEXT)
    assert not signing.made(before, TEXT.replace("3", "4"))
    assert not signing.made(before[:-8] + "AAAA" + before[-4:], TEXT)
    stranger = made(tmp_path / "other", clock)[1]
    assert not signing.made(stranger.note(TEXT), TEXT)


def test_a_trail_goes_on_over_a_renewal_and_every_checkpoint_verifies(database_url: str, tmp_path: Path) -> None:
    clock = Hands()
    keys, signing = made(tmp_path, clock)

    async def work(database: Database, trail: Trail) -> list[str]:
        (old,) = signing.verifiers
        sequencer = Sequencer(database, signing, clock, salt)
        for number in range(3):
            await trail.record(read(number + 1))
            assert await sequencer.turn() == 1
            await export(database, tmp_path / "export", signing.verifiers, lambda *_: None)
            if number == 0:
                renewed(keys, clock)
            clock.now += timedelta(seconds=5) if number == 0 else OVERLAP
        return [old, signing.verifiers[0]]

    old, new = with_database(database_url, work)
    trusted = tmp_path / "trusted.txt"
    for lines, good in (([old, new], True), ([old], False), ([new], False)):
        trusted.write_text("\n".join(lines), encoding="utf-8")
        if good:
            assert verify.verify(tmp_path / "export", trusted) == "3 leaves are as 3 checkpoints sign"
            continue
        with pytest.raises(verify.BadLeafError, match="was its key renewed"):
            verify.verify(tmp_path / "export", trusted)


def test_who_trusts_the_old_key_alone_verifies_until_the_overlap_ends(tmp_path: Path) -> None:
    clock = Hands()
    keys, signing = made(tmp_path, clock)
    (old,) = signing.verifiers
    renewed(keys, clock)
    text = checkpoint_text(signing.name, 3, bytes(32))
    trusted = verify.read_keys(old)
    assert verify.head_of(signing.note(text), trusted).size == 3
    clock.now += OVERLAP
    with pytest.raises(verify.UnusableError, match="renewed"):
        verify.head_of(signing.note(text), trusted)


def test_two_renewals_in_one_second_are_one_too_many(tmp_path: Path) -> None:
    clock = Hands()
    keys, _ = made(tmp_path, clock)
    trail_keys.renew(keys.folder, keys.installation, clock.now)
    with pytest.raises(HubError) as caught:
        trail_keys.renew(keys.folder, keys.installation, clock.now)
    assert caught.value.category is Category.CONFLICT


def test_a_key_that_another_process_destroys_meanwhile_stops_no_signing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Hands()
    keys, signing = made(tmp_path, clock)
    renewed(keys, clock)
    (ended,) = trail_keys.files(keys.folder)
    clock.now += OVERLAP
    seen, listed = trail_keys._found, [[ended], [ended]]
    Signers(keys.folder, keys.installation, clock)  # the other process
    assert not ended.exists()
    monkeypatch.setattr(trail_keys, "_found", lambda *asked: listed.pop() if listed else seen(*asked))
    assert signing.note(TEXT).count("\n\u2014 ") == 1
    assert len(signing.verifiers) == 2

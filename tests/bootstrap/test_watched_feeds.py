"""What is wrong with profiles as their files stand."""

from __future__ import annotations

import os
from pathlib import Path

from hub.bootstrap.watched_feeds import ProfileProblems
from hub.kernel.consortium import Consortium, Feed


def write(path: Path, text: str, changed: int) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(changed, changed))


def test_a_profile_that_becomes_wrong_is_told_by_its_line_and_no_more_once_it_is_mended(tmp_path: Path) -> None:
    profile = tmp_path / "his.yaml"
    write(profile, "name: his\n", 1)
    feeds = {
        "his": Feed(name="his", facility="F01", transport="mllp", profile=profile),
        "plain": Feed(name="plain", facility="F01", transport="mllp"),
    }
    problems = ProfileProblems(Consortium(name="", facilities={}, feeds=feeds))
    assert problems() == {}
    write(profile, "name: his\nnonsense: 1\n", 2)
    assert list(problems()) == ["his"]
    assert "his.yaml:2: nonsense: is not known here" in problems()["his"]
    write(profile, "name: theirs\n", 3)
    assert problems() == {}

"""What a feed's messages are converted by has a name that changes when, and only when, the result may."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hub.bootstrap.feeds import editions
from hub.kernel.consortium import Consortium, Facility, Feed

PROFILE = "name: his\nidentifiers: {ignore: ['1', '2', '3', 'x', 'y', 'z']}\n"


def consortium(profile: Path | None) -> Consortium:
    feed = Feed(name="F01.his", facility="F01", transport="mllp", profile=profile)
    return Consortium(name="test", facilities={"F01": Facility(code="F01", name="F01")}, feeds={"F01.his": feed})


def test_an_edition_changes_with_the_profile_and_with_how_it_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "his.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    one = consortium(path)
    first = editions(one)["F01.his"]
    assert first.profile == "his"
    path.write_text("# a remark\n" + PROFILE, encoding="utf-8")
    assert editions(one)["F01.his"] == first
    path.write_text(PROFILE + "zone: '+06:00'\n", encoding="utf-8")
    assert editions(one)["F01.his"] != first
    path.write_text(PROFILE, encoding="utf-8")
    strict = replace(one, feeds={"F01.his": replace(one.feeds["F01.his"], validation="strict")})
    assert editions(strict)["F01.his"] != first
    assert editions(consortium(None))["F01.his"].profile == "default"


def test_an_edition_is_the_same_in_every_process(tmp_path: Path) -> None:
    path = tmp_path / "his.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    script = (
        "import sys; from pathlib import Path; from hub.bootstrap.feeds import editions;"
        "from tests.bootstrap.test_editions import consortium;"
        "print(editions(consortium(Path(sys.argv[1])))['F01.his'].digest)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    assert told.stdout.strip() == editions(consortium(path))["F01.his"].digest

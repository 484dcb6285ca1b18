from pathlib import Path

from hub.run.installation import DEMO_CONSORTIUM
from tests.cli.commands import yilian


def test_the_demo_consortium_and_its_profiles_are_right() -> None:
    done = yilian("check", DEMO_CONSORTIUM)
    assert done.returncode == 0, done.stderr
    assert "9 facilities, 2 feeds, no complaints" in done.stdout


def test_every_complaint_stands_on_its_own_line_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("facilities:\n  - {code: '!', name: x}\nfeeds:\n  - {name: a, facility: F9}\n", encoding="utf-8")
    done = yilian("check", file)
    assert done.returncode == 2
    assert f"{file}:2: facilities.0.code" in done.stderr
    assert f"{file}:4: feeds.0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_that_is_wrong_is_found_through_the_consortium(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("name: p\ncharset: klingon\n", encoding="utf-8")
    file = tmp_path / "c.yaml"
    file.write_text(
        "facilities:\n  - {code: A, name: x}\nfeeds:\n  - {name: a, facility: A, transport: mllp, profile: p.yaml}\n",
        encoding="utf-8",
    )
    assert "p.yaml:2: charset: no character set the hub knows" in yilian("check", file).stderr

from pathlib import Path

from hub.run.installation import DEMO_CONSORTIUM
from tests.commands import yilian
from tests.fhir.profiles.package import element, packed, profile


def test_the_demo_consortium_and_its_profiles_are_right() -> None:
    done = yilian("check", DEMO_CONSORTIUM)
    assert done.returncode == 0, done.stderr
    assert "10 facilities, 14 feeds, no complaints" in done.stdout


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


def test_a_fhir_profile_that_is_wrong_is_complained_of_with_its_file(tmp_path: Path) -> None:
    right = profile("right", "Patient", element("Patient.name", min=1))
    folder = packed(tmp_path / "profiles", right)
    done = yilian("check", DEMO_CONSORTIUM, "--fhir-profiles", folder)
    assert (done.returncode, f"{folder}: 1 FHIR profiles, no complaints" in done.stdout) == (0, True), done.stderr
    packed(folder, profile("wrong", "Patient", element("Patient.nickname")), name="more")
    done = yilian("check", DEMO_CONSORTIUM, "--fhir-profiles", folder)
    assert done.returncode == 2
    assert "more.tgz: package/StructureDefinition-0.json" in done.stderr
    assert "has an element R4 has not: nickname" in done.stderr
    assert "Traceback" not in done.stderr

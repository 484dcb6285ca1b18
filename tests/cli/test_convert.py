import json
from pathlib import Path

from tests.commands import yilian
from tests.mappings.cda.documents import document
from tests.mappings.dicom.objects import dataset, part_10

ONE = (
    "MSH|^~\\&|HIS|F01|HUB|YILIAN|20260302083000||ADT^A01|{n}|P|2.4\r"
    "PID|1||M1^^^^MR||测试甲||19800101|2\r"
    "PV1|1|I|W1^1^1||||||||||||||||V1\r"
)


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_one_line_per_message_with_the_keys_of_the_contract(tmp_path: Path) -> None:
    file = tmp_path / "two.hl7"
    file.write_text(ONE.format(n=1) + ONE.format(n=2), encoding="utf-8", newline="")
    done = yilian("convert", "hl7v2", file)
    assert done.returncode == 0
    rows = lines(done.stdout)
    assert [row["index"] for row in rows] == [0, 1]
    assert all(row.keys() == {"source", "index", "bundle", "report", "issues"} for row in rows)
    assert rows[0]["source"] == str(file)
    bundle = rows[0]["bundle"]
    assert isinstance(bundle, dict)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")


def test_the_same_file_gives_the_same_ids_every_time(tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    file.write_text(ONE.format(n=1), encoding="utf-8", newline="")
    assert yilian("convert", "hl7v2", file).stdout == yilian("convert", "hl7v2", file).stdout


def test_what_is_no_hl7_is_one_fatal_issue_and_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "noise.bin"
    file.write_bytes(bytes(range(256)) * 4)
    done = yilian("convert", "hl7v2", file)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    (row,) = lines(done.stdout)
    assert row["bundle"] is None
    assert [issue["severity"] for issue in row["issues"]] == ["fatal"]  # type: ignore[attr-defined]


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_converted(tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    file.write_text(ONE.format(n=1), encoding="utf-8", newline="")
    done = yilian("convert", "hl7v2", tmp_path / "missing.hl7", file)
    assert done.returncode == 1
    assert "missing.hl7: No such file" in done.stderr
    assert len(lines(done.stdout)) == 1


def test_a_broken_profile_is_refused_with_its_line(tmp_path: Path) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text("name: p\nzone: sometime\n", encoding="utf-8")
    done = yilian("convert", "hl7v2", tmp_path / "any.hl7", "--profile", profile)
    assert done.returncode == 2
    assert f"{profile}:2: zone" in done.stderr


def test_the_reader_may_go_away_early(tmp_path: Path) -> None:
    file = tmp_path / "many.hl7"
    file.write_text("".join(ONE.format(n=n) for n in range(400)), encoding="utf-8", newline="")
    import subprocess
    import sys

    first = subprocess.Popen(
        [sys.executable, "-m", "hub.cli.main", "convert", "hl7v2", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert first.stdout is not None
    assert first.stderr is not None
    first.stdout.readline()
    first.stdout.close()
    errors = first.stderr.read().decode()
    first.wait(timeout=30)
    first.stderr.close()
    assert errors == ""


def test_rows_of_a_form_are_lines_and_those_to_mend_come_back(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "send-follow-up-forms.md").read_text(encoding="utf-8")
    file = tmp_path / "forms.csv"
    file.write_text(page.partition("forms.csv`:\n\n```\n")[2].partition("```")[0], encoding="utf-8")
    done = yilian("convert", "form", file, "--errors", tmp_path / "mend.csv")
    assert done.returncode == 0
    good, bad = lines(done.stdout)
    assert good["bundle"] is not None
    assert isinstance(bad["issues"], list)
    assert [f"{issue['where']}: {issue['text']}" in page for issue in bad["issues"]] == [True]
    assert "年份请写四位" in (tmp_path / "mend.csv").read_text(encoding="utf-8-sig")
    refused = yilian("convert", "hl7v2", file, "--errors", tmp_path / "mend.csv")
    assert (refused.returncode, "only forms have rows to mend" in refused.stderr) == (2, True)


def test_the_files_of_a_study_are_one_line_and_a_missing_one_is_named(tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.dcm" for n in (1, 2)]
    for n, file in enumerate(files, 1):
        file.write_bytes(part_10(dataset(n)))
    done = yilian("convert", "dicom", *files, tmp_path / "missing.dcm")
    assert done.returncode == 1
    assert "missing.dcm: No such file" in done.stderr
    (row,) = lines(done.stdout)
    assert (row["source"], row["index"]) == (str(files[0]), 0)
    assert list(row) == ["source", "index", "bundle", "report", "issues"]


def test_a_cda_document_is_one_line_and_what_is_none_is_told_without_a_traceback(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(document(), encoding="gb18030")
    bad.write_bytes(bytes(range(256)))
    done = yilian("convert", "cda", good, bad)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = lines(done.stdout)
    assert first.keys() == {"source", "index", "bundle", "report", "issues"}
    assert first["bundle"] is not None
    assert second["bundle"] is None

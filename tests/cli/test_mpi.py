import csv
import json
from pathlib import Path

import pytest

from bench.population import County, Mistakes, write
from hub.mpi.records_file import COLUMNS
from tests.commands import yilian
from tests.mpi.people import WU, citizen_id, record

PEOPLE = [
    record(record_id="r1"),
    record(record_id="r2", facility="F02", name="Xiaolan Wu"),
    record(record_id="r3", name="赵小雨", birth_date="2019-06-01", sex="M", insurance_no=""),
    record(record_id="r4", facility="F02", name="赵平", id_no=citizen_id("1950-02-03", 111), birth_date="1950-02-03"),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "records.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows([getattr(person, column) for column in COLUMNS] for person in PEOPLE)
    return file


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_links_and_reviews_are_written_and_summed_up_on_standard_error(source: Path, tmp_path: Path) -> None:
    out, review = tmp_path / "clusters.csv", tmp_path / "review.csv"
    done = yilian("mpi", "link", "--in", source, "--out", out, "--review", review)
    assert (done.returncode, done.stdout) == (0, "")
    assert rows(out) == [["record_id", "cluster_id"], ["r1", "r1"], ["r2", "r1"], ["r3", "r3"], ["r4", "r4"]]
    header, found = rows(review)
    assert header == ["record_id", "candidate_id", "score", "reason"]
    assert found[0] in {"r1", "r2"}
    assert (found[1], found[3]) == ("r3", "borrowed-id")
    assert float(found[2]) < 100
    assert "matching" in done.stderr
    assert "4 records, 3 persons, 1 pairs to review" in done.stderr


def test_explanations_are_csv_on_standard_output_and_hold_no_value(source: Path, tmp_path: Path) -> None:
    done = yilian("mpi", "link", "--in", source, "--out", tmp_path / "c.csv", "--explain")
    header, linked, reviewed = csv.reader(done.stdout.splitlines())
    assert header == ["record_id", "candidate_id", "score", "decision", "reason", "evidence"]
    assert linked[:2] + linked[3:5] == ["r1", "r2", "link", ""]
    assert "name SPELLED +" in linked[5]
    assert reviewed[3:5] == ["review", "borrowed-id"]
    assert not any(value in done.stdout + done.stderr for value in (WU.name, WU.id_no, WU.phone))


def test_the_same_file_gives_the_same_answer_in_any_order(source: Path, tmp_path: Path) -> None:
    first, second, turned = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "turned.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    turned.write_text("\n".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    yilian("mpi", "link", "--in", source, "--out", first)
    yilian("mpi", "link", "--in", turned, "--out", second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"record_id,name\n1,\n", "records.csv:1: columns missing: facility, mrn"),
        ((",".join(COLUMNS) + "\n").encode() + "吴".encode("gb18030"), "records.csv:2: is not UTF-8"),
        (b"", "records.csv:1: is empty"),
    ],
)
def test_an_unusable_file_is_refused_with_its_line_and_nothing_is_written(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file, out = tmp_path / "records.csv", tmp_path / "clusters.csv"
    file.write_bytes(content)
    done = yilian("mpi", "link", "--in", file, "--out", out)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_missing_file_or_an_unwritable_one_is_named(source: Path, tmp_path: Path) -> None:
    absent = yilian("mpi", "link", "--in", tmp_path / "absent.csv", "--out", tmp_path / "c.csv")
    assert (absent.returncode, "absent.csv: cannot be read" in absent.stderr) == (2, True)
    unwritable = yilian("mpi", "link", "--in", source, "--out", tmp_path / "no" / "c.csv")
    assert (unwritable.returncode, "c.csv: cannot be written" in unwritable.stderr) == (2, True)


def test_a_model_is_trained_and_used(tmp_path: Path) -> None:
    pytest.importorskip("splink", reason="Splink is not installed")
    county = County(4, Mistakes())
    write(tmp_path, list(county.records(county.persons(500))))
    model, out = tmp_path / "model.json", tmp_path / "clusters.csv"
    source = tmp_path / "records.csv"
    done = yilian("mpi", "train", "--in", source, "--out", model, "--version", "county-1", "--pairs", "2000")
    assert (done.returncode, done.stdout) == (0, "")
    assert "what Splink gives them" in done.stderr
    assert json.loads(model.read_text(encoding="utf-8"))["version"] == "county-1"
    linked = yilian("mpi", "link", "--in", source, "--out", out, "--model", model)
    assert linked.returncode == 0
    model.write_text("{}")
    refused = yilian("mpi", "link", "--in", source, "--out", out, "--model", model)
    assert refused.returncode == 2
    assert "is no model" in refused.stderr

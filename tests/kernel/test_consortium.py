from pathlib import Path

import pytest

from hub.kernel.consortium import load
from hub.kernel.errors import HubError

GOOD = """\
name: Example
facilities:
  - {code: F01, name: County hospital}
  - {code: F01-A, name: Ward block, part_of: F01, legal_entity: false}
feeds:
  - name: his
    facility: F01
    transport: mllp
    port: 2575
    profile: f01.yaml
"""


def load_text(tmp_path: Path, text: str) -> object:
    path = tmp_path / "consortium.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def complaints(tmp_path: Path, text: str) -> str:
    with pytest.raises(HubError) as caught:
        load_text(tmp_path, text)
    return str(caught.value)


def test_a_consortium_is_read_with_paths_relative_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "consortium.yaml").write_text(GOOD, encoding="utf-8")
    consortium = load(tmp_path / "consortium.yaml")
    assert consortium.feeds["his"].profile == tmp_path / "f01.yaml"
    assert consortium.legal_entity("F01-A") == "F01"
    assert consortium.legal_entity("F01") == "F01"


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("port: 2575", "port: 99999", 9, "maximum"),
        ("facility: F01\n", "facility: F09\n", 7, "no facility has this code"),
        ("part_of: F01", "part_of: F09", 4, "no facility has this code"),
        ("transport: mllp", "transport: carrier-pigeon", 8, "mllp"),
        ("transport: mllp", "transport: http", 9, "a feed of transport http has no port"),
        ("transport: mllp\n    port: 2575", "transport: folder", 8, "needs the folder"),
        ("transport: mllp", "transport: mllp\n    folder: in", 8, "needs the folder"),
        ("transport: mllp", "transport: mllp\n    marker: .ok", 9, "has no marker"),
        ("transport: mllp", "transport: mllp\n    clients: [his]", 9, "has no clients"),
        ("transport: mllp", "transport: mllp\n    format: form", 9, "over mllp comes hl7v2 only"),
        ("transport: mllp", "transport: folder\n    folder: in\n    format: mhd", 10, "come over http only"),
        ("    port: 2575", "    port: 2575\n    host: 0.0.0.0", 10, "needs tls"),
        ("    port: 2575", "    port: 2575\n    host: 0.0.0.0\n    plaintext: true", 11, "networks"),
    ],
)
def test_every_complaint_names_its_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    text = complaints(tmp_path, GOOD.replace(old, new))
    assert f"consortium.yaml:{line}:" in text
    assert what in text


def test_a_feed_may_be_a_folder_of_forms(tmp_path: Path) -> None:
    text = GOOD.replace("transport: mllp\n    port: 2575", "transport: folder\n    folder: in\n    format: form")
    (tmp_path / "consortium.yaml").write_text(text, encoding="utf-8")
    feed = load(tmp_path / "consortium.yaml").feeds["his"]
    assert (feed.transport, feed.format, feed.folder) == ("folder", "form", tmp_path / "in")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "consortium.yaml:2: key 'name' stands twice" in complaints(tmp_path, "name: a\nname: b\n")


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    assert "consortium.yaml:3" in complaints(tmp_path, "facilities:\n  - {code: [\n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"nothing\.yaml"):
        load(tmp_path / "nothing.yaml")


def test_a_facility_chain_that_bites_its_tail_ends(tmp_path: Path) -> None:
    rows = [f"  - {{code: {a}, name: x, part_of: {b}, legal_entity: false}}" for a, b in ("AB", "BA")]
    text = "\n".join(["facilities:", *rows])
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "c.yaml").legal_entity("A") == "A"


def test_receivers_of_notifications_are_read_and_contradictions_named(tmp_path: Path) -> None:
    path = tmp_path / "consortium.yaml"
    path.write_text(
        "facilities:\n  - {code: F05, name: 社区}\n"
        "receivers:\n"
        "  - {facility: F05, host: app.example.org, authority: ca.pem}\n"
        "  - {facility: F05, host: 10.0.0.7, port: 8080, networks: [10.0.0.0/8], plaintext: true}\n",
        encoding="utf-8",
    )
    first, second = load(path).receivers
    assert (first.port, first.plaintext, first.authority) == (443, False, tmp_path / "ca.pem")
    assert (second.port, second.plaintext, second.networks) == (8080, True, ("10.0.0.0/8",))
    path.write_text(
        "facilities:\n  - {code: F05, name: 社区}\n"
        "receivers:\n"
        "  - {facility: F09, host: a.example.org}\n"
        "  - {facility: F05, host: b.example.org, plaintext: true}\n"
        "  - {facility: F05, host: c.example.org, networks: [10.0.0.7/8]}\n",
        encoding="utf-8",
    )
    with pytest.raises(HubError) as caught:
        load(path)
    for line in (":4:", ":5:", ":6:"):
        assert line in str(caught.value)


OUTBOUND = """\
facilities:
  - {code: F01, name: County hospital}
feeds:
  - name: to-his
    direction: out
    facility: F01
    transport: mllp
    host: 10.0.0.7
    port: 2575
    tls: {authority: ca.pem, certificate: hub.pem, key: hub.key}
    events: [ORU^R01, ADT^A40]
    charset: GB18030
    retry: {tries: 4, first_seconds: 2, longest_seconds: 5}
"""


def test_an_outbound_feed_is_read_apart_from_those_that_come_in(tmp_path: Path) -> None:
    path = tmp_path / "consortium.yaml"
    path.write_text(OUTBOUND, encoding="utf-8")
    consortium = load(path)
    assert consortium.feeds == {}
    feed = consortium.outbound["to-his"]
    assert (feed.events, feed.version, feed.charset, feed.zone) == (
        ("ORU^R01", "ADT^A40"),
        "2.5.1",
        "GB18030",
        "+08:00",
    )
    assert feed.tls is not None
    assert feed.tls.authority == tmp_path / "ca.pem"
    assert [feed.retry.pause(tried).total_seconds() for tried in (1, 2, 3)] == [2, 4, 5]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("facility: F01\n", "facility: F09\n", 6, "no facility has this code"),
        ("port: 2575", "port: 0", 9, "minimum"),
        ("[ORU^R01, ADT^A40]", "[ORU^R01, ADT^A99]", 11, "ADT^A99"),
        ("    tls: {authority: ca.pem, certificate: hub.pem, key: hub.key}\n", "", 8, "needs tls"),
        (
            "    tls: {authority: ca.pem, certificate: hub.pem, key: hub.key}",
            "    tls: {certificate: hub.pem}",
            10,
            "key",
        ),
        (
            "10.0.0.7\n    port: 2575\n    tls: {authority: ca.pem, certificate: hub.pem, key: hub.key}",
            "his.example\n    port: 2575\n    plaintext: true",
            8,
            "an address",
        ),
        ("charset: GB18030", "charset: BIG5", 12, "BIG5"),
        ("direction: out", "direction: in", 11, "feeds.0.events: is not known here"),
    ],
)
def test_every_complaint_about_an_outbound_feed_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, what: str
) -> None:
    text = complaints(tmp_path, OUTBOUND.replace(old, new))
    assert f"consortium.yaml:{line}:" in text
    assert what in text


def test_queries_need_a_sender_that_may_ask(tmp_path: Path) -> None:
    asked = GOOD + "    queries_per_minute: 60\n"
    assert "consortium.yaml:11:" in complaints(tmp_path, asked)
    consortium = tmp_path / "consortium.yaml"
    consortium.write_text(asked + "    senders: [HIS|F01]\n", encoding="utf-8")
    assert load(consortium).feeds["his"].queries == 60


def test_a_feed_over_dicom_carries_dicom_and_is_asked_nothing(tmp_path: Path) -> None:
    text = GOOD.replace("transport: mllp", "transport: dicom\n    senders: [CT01]")
    (tmp_path / "consortium.yaml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "consortium.yaml").feeds["his"].format == "dicom"
    asked = complaints(tmp_path, text + "    queries_per_minute: 5\n")
    assert "a feed of transport dicom has no queries_per_minute" in asked
    assert "over dicom comes dicom only" in complaints(tmp_path, text + "    format: hl7v2\n")


ARCHIVE = """
archives:
  - name: F01-pacs
    facility: F01
    dicomweb: https://pacs.f01.example:8443/dicom-web
    credential: pacs.txt
"""


def test_an_archive_is_read_and_its_feed_must_be_of_its_facility(tmp_path: Path) -> None:
    (tmp_path / "consortium.yaml").write_text(GOOD + ARCHIVE, encoding="utf-8")
    archive = load(tmp_path / "consortium.yaml").archives["F01-pacs"]
    assert archive.dicomweb == "https://pacs.f01.example:8443/dicom-web"
    assert archive.credential == tmp_path / "pacs.txt"
    feed = "  - {name: pacs, facility: F01-A, transport: dicom, archive: F01-pacs}\n"
    assert "its facility has no archive of this name" in complaints(tmp_path, GOOD + feed + ARCHIVE)
    hl7 = GOOD.replace("port: 2575", "port: 2575\n    archive: F01-pacs")
    assert "a feed of format dicom, and no other, has an archive" in complaints(tmp_path, hl7 + ARCHIVE)


def test_an_archive_is_told_of_by_hl7_feeds_of_its_own_facility(tmp_path: Path) -> None:
    images = "  - {name: images, facility: F01, transport: archive, archive: F01-pacs, told_by: [NAME]}\n"
    (tmp_path / "consortium.yaml").write_text(GOOD + images.replace("NAME", "his") + ARCHIVE, encoding="utf-8")
    assert load(tmp_path / "consortium.yaml").feeds["images"].told_by == ("his",)
    for name in ("images", "nobody"):
        found = complaints(tmp_path, GOOD + images.replace("NAME", name) + ARCHIVE)
        assert "the facility has no HL7 v2 feed of this name" in found
    his = GOOD.replace("port: 2575", "port: 2575\n    told_by: [his]")
    assert "a feed of transport mllp asks no archive" in complaints(tmp_path, his + ARCHIVE)


@pytest.mark.parametrize(
    ("base", "what"),
    [
        ("http://10.1.2.7:8042/dicom-web", "http needs plaintext: true"),
        ("https://user:secret@pacs/dicom-web", "dicomweb"),
        ("https://pacs/dicom-web/", "dicomweb"),
        ("https://pacs/../admin?x=1", "dicomweb"),
        ("ftp://pacs", "dicomweb"),
    ],
)
def test_an_archive_is_at_a_plain_address_below_a_host(tmp_path: Path, base: str, what: str) -> None:
    text = complaints(tmp_path, GOOD + ARCHIVE.replace("https://pacs.f01.example:8443/dicom-web", base))
    assert "consortium.yaml:15:" in text
    assert what in text


def test_an_archive_is_asked_in_one_way(tmp_path: Path) -> None:
    dimse = "    dimse: {host: 10.1.2.9, port: 104, title: USPACS}\n"
    assert "needs either dicomweb or dimse" in complaints(tmp_path, GOOD + ARCHIVE + dimse)
    alone = ARCHIVE.replace("    dicomweb: https://pacs.f01.example:8443/dicom-web\n", dimse)
    assert "dimse needs plaintext: true" in complaints(tmp_path, GOOD + alone)
    (tmp_path / "consortium.yaml").write_text(GOOD + alone + "    plaintext: true\n", encoding="utf-8")
    found = load(tmp_path / "consortium.yaml").archives["F01-pacs"].dimse
    assert found is not None
    assert (found.title, found.calling) == ("USPACS", "YILIAN")

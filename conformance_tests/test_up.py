import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bench.cpu import parent
from conformance_tests.documents import Sharer
from conformance_tests.running_hub import RunningHub, first_hub, running_hub
from hub.kernel.consortium import Feed, load
from hub.run.installation import DEMO_CONSORTIUM
from tests.connectors.pacs import send as send_objects
from tests.mappings.cda.documents import document, observation, pq, section
from tests.mappings.dicom.objects import STUDY, dataset, part_10
from tests.mappings.mhd.bundles import RECORD, submission

ADMISSION = (
    "MSH|^~\\&|HIS|F01|HUB|YILIAN|20260302083000||ADT^A01|{control}|P|2.4\r"
    "EVN|A01|20260302083000\r"
    "PID|1||M900001^^^^PatientNO||测试甲||19800101|2\r"
    "PV1|1|I|内科^01^01||||||||||||||||{visit}|||||||||||||||||||||||||20260302083000\r"
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    folder = tmp_path_factory.mktemp("up")
    with first_hub(folder, "--config", str(with_feeds_of_files(folder))) as started:
        yield started


def with_feeds_of_files(folder: Path) -> Path:
    """The demo's consortium, two feeds of forms, one of images, and one of submissions."""
    stated = yaml.safe_load(DEMO_CONSORTIUM.read_text(encoding="utf-8"))
    for feed in stated["feeds"]:
        if "profile" in feed:
            feed["profile"] = str(DEMO_CONSORTIUM.parent / feed["profile"])
    forms = {"facility": "F04", "format": "form"}
    stated["feeds"] += [
        {"name": "F04-folder", "transport": "folder", "folder": "forms", **forms},
        {"name": "F04-http", "transport": "http", **forms},
        {"name": "F01-pacs", "transport": "dicom", "facility": "F01", "senders": ["CT01"]},
        {"name": "F04-mhd", "transport": "http", "facility": "F04", "format": "mhd"},
    ]
    file = folder / "consortium.yaml"
    file.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")
    return file


def feeds(hub: RunningHub) -> list[Feed]:
    return list(load(hub.folder / "consortium.yaml").feeds.values())


def send(hub: RunningHub, text: str, feed: str = "F01-his") -> str:
    file = hub.folder / "message.hl7"
    file.write_bytes(text.encode("gbk"))
    return hub.yilian("send", "mllp", "127.0.0.1", str(hub.ready["mllp"][feed]), str(file), check=False).stdout


def test_the_ready_file_names_every_door(hub: RunningHub) -> None:
    assert hub.ready.keys() == {"fhir", "pages", "mllp", "dicom", "pids"}
    assert hub.ready["fhir"] == hub.base + "/fhir"
    assert set(hub.ready["mllp"]) == {one.name for one in feeds(hub) if one.transport == "mllp"} >= {"F01-his"}
    assert set(hub.ready["dicom"]) == {"F01-pacs"}
    assert all(isinstance(pid, int) for pid in hub.ready["pids"].values())


def test_where_processors_are_short_what_somebody_waits_for_comes_before_the_queue(hub: RunningHub) -> None:
    standing = {name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in hub.ready["pids"].items()}
    behind = {name for name, nice in standing.items() if nice > standing["mllp"]}
    assert behind == {name for name in standing if name.startswith(("pipeline", "bulk"))}
    assert standing["mllp"] == os.getpriority(os.PRIO_PROCESS, 0)


def test_a_message_sent_over_the_socket_is_answered_by_the_fhir_api(hub: RunningHub) -> None:
    assert send(hub, ADMISSION.format(control="U1", visit="V1")).split("\t")[1] == "AA"
    hub.settled()
    found = hub.client("clinician", "F01").get("fhir/Patient?identifier=urn:oid:2.999.1.1|M900001")
    assert found["total"] == 1
    patient = found["entry"][0]["resource"]
    assert patient["name"][0]["text"] == "测试甲"
    again = hub.client("clinician", "F01").get(f"fhir/Patient/{patient['id']}")
    assert again == patient


FORMS = (
    "姓名,身份证号,随访日期,收缩压,舒张压,摄盐情况\n"
    "沈桂兰,990122195804120960,2026-03-05,158,96,2\n"
    "陆建国,990122194909231419,26.3.6,151,89,1\n"
)


def blood_pressures(hub: RunningHub, number: str) -> list[int]:
    found = hub.client("clinician", "F04").get(
        f"fhir/Observation?code=85354-9&patient.identifier=urn:oid:2.16.156.10011.1.3|{number}"
    )
    return sorted(entry["resource"]["component"][0]["valueQuantity"]["value"] for entry in found.get("entry", ()))


def test_images_sent_over_an_association_become_one_study_and_nobodys_waits(hub: RunningHub) -> None:
    port = hub.ready["dicom"]["F01-pacs"]
    files = [part_10(dataset(n)) for n in (1, 2)]
    nobodys = part_10(dataset(3, StudyInstanceUID=f"{STUDY}.9", IssuerOfPatientID=None))
    assert send_objects(port, [*files, nobodys]) == [0, 0, 0]
    assert send_objects(port, files, title="STRANGER") == []
    assert hub.settled()["dead"] >= 1
    found = hub.client("clinician", "F01").get(f"fhir/ImagingStudy?identifier=urn:dicom:uid|urn:oid:{STUDY}")
    assert found["total"] == 1
    assert found["entry"][0]["resource"]["numberOfInstances"] == 2
    patient = hub.client("clinician", "F01").get("fhir/" + found["entry"][0]["resource"]["subject"]["reference"])
    assert patient["birthDate"] == "1980-01-01"
    listed = hub.yilian("messages", "list", "--feed", "F01-pacs", "--data", str(hub.data), "--json").stdout
    assert sorted(row["state"] for row in json.loads(listed)) == ["dead", "done", "done"]


def test_forms_put_into_a_folder_become_records_and_what_is_to_be_mended_lies_beside(hub: RunningHub) -> None:
    folder = hub.folder / "forms"
    (folder / "march.csv").write_bytes(FORMS.encode("gb18030"))
    deadline = time.monotonic() + 60
    while not (folder / "done" / "march.csv").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    hub.settled()
    assert blood_pressures(hub, "990122195804120960") == [158]
    assert blood_pressures(hub, "990122194909231419") == []
    mended = (folder / "mend" / "march.csv").read_text(encoding="utf-8-sig").replace("26.3.6", "2026-03-06")
    request = urllib.request.Request(
        f"{hub.base}/api/feeds/F04-http",
        mended.encode(),
        {"Authorization": f"Bearer {hub.token('feed', 'F04')}", "Content-Type": "text/csv"},
    )
    with urllib.request.urlopen(request) as answer:
        assert json.loads(answer.read())["states"] == {"queued": 1}
    hub.settled()
    assert blood_pressures(hub, "990122194909231419") == [151]


def test_a_document_that_is_submitted_is_found_fetched_and_understood_by_who_may(hub: RunningHub) -> None:
    ours, theirs = (Sharer(hub.base, hub.token("clinician", code)) for code in ("F04", "F02"))
    text = document(section("8716-3", "VITAL SIGNS", [observation("DE04.10.174.00", "收缩压", pq("177", "mmHg"))]))
    sent = submission(text.encode("gb18030"), "text/xml")
    told = ours.submit(sent)
    assert told.status == 200, told.body
    entries = told.json["entry"]
    assert [entry["response"]["status"] for entry in entries] == ["201 Created"] * 4
    places = [entry["response"]["location"] for entry in entries]
    # A sender that heard no answer sends again, in whatever format: it is the same submission.
    assert ours.submit(sent).json["entry"] == ours.submit(sent, xml=True).json["entry"] == entries
    whose = {"patient.identifier": f"{RECORD['system']}|{RECORD['value']}", "status": "current"}
    (found,) = ours.find("DocumentReference", **whose)
    assert f"DocumentReference/{found['id']}" == places[1]
    address = found["content"][0]["attachment"]["url"]
    assert address == places[2]
    fetched = ours.fetch(address, "text/xml")
    assert (fetched.status, fetched.media, fetched.body) == (200, "text/xml", text.encode("gb18030"))
    (listed,) = ours.find("List", code="submissionset", **whose)
    assert f"List/{listed['id']}" == places[0]
    (measured,) = ours.find("Observation", **{"subject": places[3], "code": "8480-6"})
    assert measured["valueQuantity"]["value"] == 177
    assert theirs.find("DocumentReference", **whose) == []
    assert (theirs.fetch(address).status, theirs.fetch("Binary/none.1").status) == (404, 404)
    assert theirs.submit(sent).status == 403
    newer = submission(b"newer", number="urn:oid:2.999.22", relatesTo=[{"code": "replaces", "target": {}}])
    newer["entry"][0]["resource"]["identifier"][0]["value"] = "urn:oid:2.999.11"
    for target, status in (("DocumentReference/none", 422), (places[1], 200)):
        newer["entry"][1]["resource"]["relatesTo"][0]["target"]["reference"] = target
        assert ours.submit(newer).status == status
    (current,) = ours.find("DocumentReference", **whose)
    assert current["relatesTo"][0]["target"]["reference"] == places[1]
    (old,) = ours.find("DocumentReference", **{**whose, "status": "superseded"})
    assert f"DocumentReference/{old['id']}" == places[1]
    assert ours.fetch(places[2], "text/xml").body == fetched.body
    other = submission(b"other")
    assert (ours.submit(other).status, ours.submit(other).json["issue"][0]["code"]) == (409, "conflict")
    broken = submission(text.encode(), "text/xml")
    broken["entry"][1]["resource"]["content"][0]["attachment"]["size"] = 1
    refused = ours.submit(broken)
    assert (refused.status, refused.json["issue"][0]["details"]["coding"][0]["code"]) == (422, "XDSNonIdenticalHash")


def test_another_facility_does_not_see_it(hub: RunningHub) -> None:
    send(hub, ADMISSION.format(control="U2", visit="V1"))
    hub.settled()
    ours = hub.client("clinician", "F01").get("fhir/Patient?identifier=urn:oid:2.999.1.1|M900001")
    theirs = hub.client("clinician", "F02")
    assert theirs.get("fhir/Patient?identifier=urn:oid:2.999.1.1|M900001")["total"] == 0
    with pytest.raises(urllib.error.HTTPError) as caught:
        theirs.get(f"fhir/Patient/{ours['entry'][0]['resource']['id']}")
    assert caught.value.code == 404
    caught.value.close()


def test_a_sender_that_claims_to_be_another_hospital_is_refused(hub: RunningHub) -> None:
    assert send(hub, ADMISSION.format(control="U3", visit="V3").replace("|F01|", "|F09|")).split("\t")[1] == "AR"


def test_messages_are_listed_shown_masked_and_replayed_from_the_command_line(hub: RunningHub) -> None:
    send(hub, ADMISSION.format(control="U4", visit="V4"))
    hub.settled()
    listed = json.loads(hub.yilian("messages", "list", "--json", "--data", str(hub.data)).stdout)
    newest = listed[0]["id"]
    shown = hub.yilian("messages", "show", str(newest), "--data", str(hub.data)).stdout
    assert "测试甲" not in shown
    assert "ADT^A01" in shown
    refused = hub.yilian("messages", "show", str(newest), "--unmask", " ", "--data", str(hub.data), check=False)
    assert refused.returncode == 2
    assert "needs a reason" in refused.stderr
    unmasked = hub.yilian("messages", "show", str(newest), "--unmask", "vendor call", "--data", str(hub.data))
    assert "测试甲" in unmasked.stdout
    assert "1 messages are queued" in hub.yilian("messages", "replay", str(newest), "--data", str(hub.data)).stdout
    hub.settled()


def test_every_feed_is_watched(hub: RunningHub) -> None:
    send(hub, ADMISSION.format(control="W1", visit="W1"))
    hub.settled()
    told = {one["feed"]: one for one in json.loads(hub.yilian("feeds", "--json", "--data", str(hub.data)).stdout)}
    assert list(told) == [one.name for one in feeds(hub)]
    assert told["F01-his"]["hour"] >= 1
    assert told["F01-his"]["last"]
    door = hub.client("administrator", "F01").get("api/feeds")
    assert {one["feed"]: one["state"] for one in door["feeds"]} == {name: one["state"] for name, one in told.items()}
    with urllib.request.urlopen(hub.base + "/metrics") as answer:
        lines = answer.read().decode()
    assert f'yilian_feed_messages{{feed="F01-his",state="hour"}} {told["F01-his"]["hour"]}\n' in lines
    assert 'yilian_feed_state{feed="F03-lis"} 0\n' in lines


def test_every_listening_socket_is_on_loopback(hub: RunningHub) -> None:
    pids = {hub.process.pid, *hub.ready["pids"].values()}
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout.splitlines()
    ours = [line for line in listening if any(f"pid={pid}," in line for pid in pids)]
    assert ours
    assert all(line.split()[3].startswith(("127.0.0.1:", "[::1]:")) for line in ours)


@pytest.mark.parametrize("name", ["api-1", "pipeline-1", "mllp", "files", "the one all are forked from"])
def test_a_killed_process_comes_back_on_the_same_ports(hub: RunningHub, name: str) -> None:
    before = hub.ready
    hub.kill(before["pids"].get(name) or parent(before["pids"]["events"]))
    concerned = {name} if name in before["pids"] else before["pids"].keys()
    deadline = time.monotonic() + 30
    while any(hub.ready["pids"][each] == before["pids"][each] for each in concerned):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert hub.ready["mllp"] == before["mllp"]
    control = f"K{name}"[:20]
    assert send(hub, ADMISSION.format(control=control, visit="V1")).split("\t")[1] == "AA"
    hub.settled()


def test_a_killed_database_comes_back_and_no_false_acknowledgement_was_given(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        send(hub, ADMISSION.format(control="D1", visit="D1"))
        identity = (hub.data / "postgres" / "postgres.pid").read_text(encoding="ascii")
        hub.kill(int(identity.split()[0]))
        codes = [send(hub, ADMISSION.format(control=f"D{n}", visit=f"D{n}")).split("\t")[1] for n in range(2, 5)]
        assert set(codes) <= {"AA", "AE"}
        accepted = 1 + codes.count("AA")
        deadline = time.monotonic() + 60
        while send(hub, ADMISSION.format(control="D9", visit="D9")).split("\t")[1] != "AA":
            assert time.monotonic() < deadline
        states = hub.settled()
        # An AE says "not stored": a message whose storing was in doubt may be there all the same, never the reverse.
        assert accepted + 1 <= states["done"] <= 5


def test_a_second_hub_on_the_same_data_is_refused(hub: RunningHub) -> None:
    refused = hub.yilian("up", "--port", "0", "--data", str(hub.data), check=False)
    assert refused.returncode == 2
    assert "another hub runs on this data folder" in refused.stderr


def test_a_taken_port_is_named(hub: RunningHub, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused = hub.yilian("up", "--port", port, "--data", str(tmp_path / "data"), check=False)
    assert refused.returncode == 2
    assert f"HTTP 127.0.0.1:{port}: the port is taken" in refused.stderr


def test_health_and_metrics_answer_without_a_token_and_without_patients(hub: RunningHub) -> None:
    for path in ("/health/live", "/health/ready", "/metrics", "/"):
        with urllib.request.urlopen(hub.base + path) as answer:
            assert answer.status == 200
            assert "测试甲" not in answer.read().decode()


def test_no_patient_data_is_in_the_log(hub: RunningHub) -> None:
    send(hub, ADMISSION.format(control="U9", visit="V9"))
    hub.settled()
    text = hub.log.read_text(encoding="utf-8")
    assert not any(canary in text for canary in ("测试甲", "M900001", "19800101", "\\u6d4b"))


def test_a_hub_whose_supervisor_was_killed_starts_again_on_its_data(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        send(hub, ADMISSION.format(control="S1", visit="S1"))
        hub.settled()
        children = list(hub.ready["pids"].values())
        hub.process.kill()
        hub.restart()
        assert hub.settled() == {"done": 1}
        assert not any(_alive(pid) for pid in children)


def test_sigterm_ends_everything_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        pids = list(hub.ready["pids"].values())
        hub.process.send_signal(signal.SIGTERM)
        assert hub.process.wait(timeout=60) == 0
    assert not any(_alive(pid) for pid in pids)
    assert not list((tmp_path / "state" / "yilian").glob("*.json"))


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"

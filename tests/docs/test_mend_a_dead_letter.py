"""Mending dead letters, followed word for word: the commands of the page, on a database with real messages."""

from __future__ import annotations

import asyncio
import re
import shlex
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.audit.balp import Observer, audit_events
from hub.audit.entry import Entry
from hub.audit.queries import newest
from hub.bootstrap.consequences import consequences
from hub.bootstrap.feeds import editions, envelope_readers, facilities_of, translators
from hub.bootstrap.foundation import Foundation
from hub.cli.main import app
from hub.fhir.validate import validate
from hub.fhir.validator import Validator
from hub.kernel.clock import system_clock
from hub.kernel.ids import keyed_ids
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Received
from hub.pipeline.inbox import PostgresInbox
from hub.pipeline.worker import Worker
from hub.records.ingest import Ingest
from hub.run.installation import remember

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "mend-a-dead-letter.md").read_text(encoding="utf-8")
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("yilian ")]
CONSORTIUM = """name: test
facilities: [{code: H1, name: H1}]
feeds: [{name: h1-lis, facility: H1, transport: mllp, port: 0, profile: h1-lis.yaml}]
"""
PROFILE = """name: h1-lis
identifiers:
  rules: [{kind: MR, system: 'urn:example:mr', patient_key: true}]
codes:
  OBX-3: {K: {system: 'http://loinc.org', code: 2823-3}}
unmapped: {OBX-3: block}
"""
NEW = PROFILE.replace("code: 2823-3}}", "code: 2823-3}, K+: {system: 'http://loinc.org', code: 2823-3}}")
NEW += "steps:\n  - {step: move, from: ZBR-2, at: OBR-3.1}\n"
NAMES = ("沈桂兰", "方知远", "柳成荫")


def letter(number: int) -> bytes:
    """Results of a laboratory that sends a code its profile does not have."""
    return "\r".join(
        [
            f"MSH|^~\\&|LIS|H1|HUB|YUNZE|20260105083000||ORU^R01|F01-00000{number}|P|2.4||||||UNICODE UTF-8",
            f"PID|1||000{number}4711^^^^MR||{NAMES[number - 1]}||19580412|F",
            f"OBR|1|O{number}||CHEM^生化^L|||20260105080000",
            f"OBX|1|NM|K+^钾^L||4711.{number}|mmol/L|||||F|||20260105080000",
            f"ZBR|1|BC{number}",
        ]
    ).encode()


class County:
    """A hub without processes: its folder, its database, and a worker that is called when something is queued."""

    def __init__(self, folder: Path, url: str) -> None:
        settings = Settings.load({}, data_dir=folder, config=folder / "consortium.yaml", database_url=url)
        self.foundation = Foundation(settings, Log("test", level="ERROR"))

    async def work(self, raws: Sequence[bytes] = ()) -> None:
        """Accept messages, and process all that is queued."""
        consortium, secret = self.foundation.consortium, self.foundation.keys.id_secret
        async with self.foundation.database("test", size=2) as database:
            inbox, store = PostgresInbox(database, facilities_of(consortium)), self.foundation.store()
            for raw in raws:
                envelope = envelope_readers(consortium)["h1-lis"](raw)
                received = Received(feed="h1-lis", raw=raw, envelope=envelope, received_at=datetime.now(UTC))
                await inbox.accept(received)
            await inbox.close()
            worker = Worker(
                database,
                Ingest(store, keyed_ids(secret), consortium.facilities, consequences(self.foundation, store)),
                translators(consortium, secret, "https://hub.example", Validator(self.foundation.profiles)),
                Log("test", level="ERROR"),
                system_clock,
                batch_size=8,
                max_attempts=3,
                editions=editions(consortium),
            )
            while await worker.turn():
                pass

    async def trail(self) -> list[Entry]:
        async with self.foundation.database("test", size=1) as database, database.connection() as connection:
            return list(reversed(await newest(connection)))


@pytest.fixture
def county(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> County:
    for name, text in {"consortium.yaml": CONSORTIUM, "h1-lis.yaml": PROFILE, "h1-lis-new.yaml": NEW}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YILIAN_DATA_DIR", str(tmp_path))
    found = County(tmp_path, database_url)
    assert found.foundation.keys.id_secret
    remember(tmp_path, tmp_path / "consortium.yaml", database_url)
    asyncio.run(found.work([letter(1), letter(2)]))
    return found


def run(command: str) -> str:
    """Run a command of the page."""
    done = CliRunner().invoke(app, shlex.split(command)[1:], env={"COLUMNS": "200"})
    assert done.exit_code == 0, (command, done.output, done.exception)
    return done.stdout


def follow(county: County, heading: str) -> dict[str, str]:
    """Run the commands below a heading in their order, the worker after each that queues; what each said."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    said = {}
    for command in re.findall(r"^yilian .*", section, re.MULTILINE):
        said[command] = run(command)
        if " repair " in command or " replay " in command or "--apply" in command:
            asyncio.run(county.work())
    return said


def test_the_page_leads_from_dead_letters_to_none(county: County) -> None:
    waits = follow(county, "See what waits")
    assert "h1-lis\tdead\t2\n" in waits.values()
    listed = [text for command, text in waits.items() if "messages list" in command]
    assert ["unmapped-code" in text for text in listed] == [True, True]
    assert re.search(r"ZBR-2 +refused +no mapping +2 +2 ", waits[COMMANDS[3]])
    shown = follow(county, "Look at one")
    parsed = shown["yilian messages show 1 --parsed --report"]
    assert "OBX-3[1].1  Identifier" in parsed
    assert "ZBR-2[1]" in parsed
    tried = list(follow(county, "Try before you do").values())
    assert tried[0].startswith("would be dead unmapped-code")
    assert tried[1].startswith("would be done") or tried[1].startswith("would be warnings")
    assert "created    Patient#1" in tried[1]
    _repair_one(county)
    many = list(follow(county, "Repair many by one rule").values())
    assert many[0].splitlines()[0].startswith("1 messages; the rule does not change 0")
    assert "1 queued, 0 unchanged, 0 refused" in many[1]
    assert "dead" not in run("yilian messages counts")
    for text in (*waits.values(), *shown.values(), *tried, *many):
        assert not any(name in text for name in NAMES)
        assert "4711" not in text


def _repair_one(county: County) -> None:
    section = [command for command in COMMANDS if "message-1.hl7" in command]
    run(section[0])
    file = Path("message-1.hl7")
    assert file.read_bytes() == letter(1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(letter(1).replace(b"|K+^", b"|K^"))
    assert "OBX-3[1].1         changed  Identifier" in run(section[1])
    run(section[2])
    asyncio.run(county.work())
    repaired = run("yilian messages show 1")
    assert re.search(r"OBX-3\[1\]\.1 +changed +Identifier +\*\*\* -> \*\*\*", repaired)
    assert "ticket 4711" not in repaired


def test_a_mended_profile_is_tried_replayed_and_held_against_the_one_before(county: County) -> None:
    section = PAGE.partition("## Mend the profile\n")[2]
    before, _, after = section.partition("Then put the new profile")
    tried = [run(command) for command in re.findall(r"^yilian .*", before, re.MULTILINE)]
    assert "+ ZBR-2            carried  OBR-3.1" in tried[0]
    assert "- ZBR-2            refused  no mapping" in tried[0]
    assert "2 messages; the rule does not change 0" in tried[1]
    Path("h1-lis.yaml").write_text(NEW, encoding="utf-8")
    asyncio.run(county.work([letter(3)]))
    said = []
    for command in re.findall(r"^yilian .*", after, re.MULTILINE):
        said.append(run(command))
        asyncio.run(county.work())
    assert "2 queued" in said[1]
    assert said[2] == "1 messages are queued again\n"
    assert re.search(r"ZBR-2 +carried +OBR-3.1", said[0])
    assert "profile h1-lis since" in said[0]
    assert "MSH" not in said[0]
    assert "dead" not in run("yilian messages counts")


def test_what_engineers_do_is_in_the_audit_trail_before_values_are_seen(county: County) -> None:
    run("yilian messages replay 1")
    asyncio.run(county.work())  # dead again, but it was asked for
    run("yilian messages show 2 --unmask 'ticket 4711' --parsed")
    _repair_one(county)
    shown = run("yilian messages show 1 --unmask 'ticket 4712' --fhir")
    assert NAMES[0] in shown
    run("yilian messages mend --step '{step: map-values, at: OBX-3.1, values: {K+: K}}' --apply --reason many")
    trail = asyncio.run(county.trail())
    deeds = [(entry.query or "").partition("=")[0] for entry in trail]
    assert deeds == ["replay", "unmask", "unmask", "try", "repair", "unmask", "bulk", "bulk"]
    assert {entry.requester.role for entry in trail} == {"integration-engineer"}
    assert [len(entry.patients) for entry in trail if "4712" in (entry.query or "")] == [1]
    assert not any(name in (entry.query or "") for entry in trail for name in NAMES)
    assert "reason=many" in (trail[-1].query or "")
    observer = Observer(name="urn:yilian:test", base_url="https://hub.example/fhir", canonical_base="https://x.example")
    events = [event for entry in trail for event in audit_events(entry, observer)]
    assert [issue for event in events for issue in validate(event) if issue.severity in {"error", "fatal"}] == []

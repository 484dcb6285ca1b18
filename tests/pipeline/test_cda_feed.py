"""CDA documents through the whole pipeline: into records, a new version in place of the old one, a bad file waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from consent.labelling import shipped
from consent.tables import ACT_CODE
from hub.bootstrap.formats import Cda
from hub.kernel.types import Json, State
from hub.pipeline.addressed import with_addresses
from tests.mappings.cda.documents import cd, document, observation, pq, section
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import box, run


def follow_up(pressure: str, version: str) -> bytes:
    """A document of one set."""
    measured = section("8716-3", "VITAL SIGNS", [observation("DE04.10.174.00", "收缩压", pq(pressure, "mmHg"))])
    named = f'<setId root="1.2.3" extension="S1"/><versionNumber value="{version}"/>'
    return document(measured, more=named).encode("gb18030")


def test_documents_become_records_and_a_new_version_replaces_what_the_old_one_said(database_url: str) -> None:
    reading = Cda(None)
    translate = with_addresses(reading.translator("F01", IDS, "https://hub.example"))

    async def story() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            take = hub.taker(reading, datetime(2026, 3, 2, 12, tzinfo=UTC))
            taken = [await take(raw, "folder") for raw in (follow_up("150", "1"), follow_up("150", "1"), b"<a/>")]
            assert [each.messages[0].state for each in taken[:2]] == [State.QUEUED, State.DUPLICATE]
            await hub.drain()
            assert await hub.states([taken[0].messages[0].message]) == ["done"]
            assert (await hub.reason(taken[2].messages[0].message))["code"] == "no-document"
            again = await take(follow_up("138", "2"), "folder")
            await hub.drain()
            assert await hub.states([again.messages[0].message]) == ["done"]
            drafts = translate(follow_up("138", "2")).drafts
            (measured,) = [draft.resource["id"] for draft in drafts if draft.resource["resourceType"] == "Observation"]
            stored = await hub.read("Observation", measured)
            assert stored is not None
            assert stored["valueQuantity"]["value"] == 138
            (kept,) = [
                draft.resource["id"] for draft in drafts if draft.resource["resourceType"] == "DocumentReference"
            ]
            original = await hub.read("DocumentReference", kept)
            assert original is not None
            assert original["content"][0]["attachment"]["url"] == f"Binary/{kept}.1"
            for draft in drafts:
                assert await hub.read(draft.resource["resourceType"], draft.resource["id"]) is not None

    run(story())


_HIV = observation("DE05.01.024.00", "诊断代码", cd("B20.000", "2.16.156.10011.2.3.3.11"))
_HEADED = section("29548-5", "Diagnosis", more="<title>艾滋病随访</title><text>CD4 320</text>")


@pytest.mark.parametrize("told", [section("29548-5", "Diagnosis", [_HIV]), _HEADED], ids=["code", "heading"])
def test_a_sensitive_section_makes_the_document_and_its_file_as_strict_as_what_it_tells(
    database_url: str, told: str
) -> None:
    """Attack 24: who may not see the diagnosis gets it from no other shape of the document."""
    reading = Cda(None)
    translate = with_addresses(reading.translator("F01", IDS, "https://hub.example"))
    text = document(told, section("8716-3", "VITAL SIGNS", [observation("DE04.10.174.00", "收缩压", pq("1", "mmHg"))]))

    async def story() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            taken = await hub.taker(reading, datetime(2026, 3, 2, 12, tzinfo=UTC))(text.encode(), "folder")
            await hub.drain()
            assert await hub.states([taken.messages[0].message]) == ["done"]
            made = translate(text.encode()).drafts
            found = [await hub.read(draft.resource["resourceType"], draft.resource["id"]) for draft in made]
            strict = {each["resourceType"] for each in found if each and _is_hiv(each)}
            assert strict >= {"Composition", "DocumentReference"}  # the bytes stand in the reference
            assert not [each for each in found if each and shipped().labels(each) and not _is_hiv(each)]
            assert "Patient" not in strict

    run(story())


def _is_hiv(resource: Json) -> bool:
    labels = resource.get("meta", {}).get("security", ())
    return {"system": ACT_CODE, "code": "HIV"} in [{"system": one["system"], "code": one["code"]} for one in labels]

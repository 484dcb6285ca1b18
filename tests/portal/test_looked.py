"""What a patient is told that was done with her record."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import pytest

from hub.audit.balp import Observer, audit_events
from hub.audit.deeds import Scribe
from hub.audit.entry import Interaction
from hub.kernel.types import Json
from hub.pipeline.deeds import Kind
from hub.portal.pages.looked import deed_of
from hub.portal.texts import LANGUAGES, texts_of
from tests.audit.entries import NOW, REQUESTER, read

_OBSERVER = Observer(name="urn:yilian:1", base_url="https://hub.example.org", canonical_base="https://hub.example.org")
#: Kinds of deeds that are about no patient, or show nothing of one.
_NOBODYS = {Kind.BULK, Kind.APPROVE, Kind.SENDER}


def deed(**said: str) -> Json:
    entry = Scribe(lambda: NOW, lambda: UUID(int=1)).deed(REQUESTER, said, patients=("w",))
    (event,) = audit_events(entry, _OBSERVER)
    return event


def asked(name: str) -> Json:
    query = urlencode({name: ""})
    (event,) = audit_events(read(interaction=Interaction.OPERATION, query=query), _OBSERVER)
    return event


@pytest.mark.parametrize("kind", sorted(set(Kind) - _NOBODYS))
def test_a_deed_is_told_by_its_name_in_every_language(kind: Kind) -> None:
    event = deed(**{kind.value: "", "feed": "F05-bands"})
    assert deed_of(event) == kind.value
    assert all(texts_of(language).code("deed", deed_of(event)) for language in LANGUAGES)


@pytest.mark.parametrize("operation", ["$images", "$lastn", "$summary", "$document", "$match", "$send"])
def test_an_operation_that_opens_no_whole_record_is_told_as_what_it_is(operation: str) -> None:
    assert deed_of(asked(operation)) == operation
    assert all(texts_of(language).code("deed", operation) for language in LANGUAGES)


def test_a_search_is_no_deed_whatever_it_asks_for() -> None:
    (event,) = audit_events(read(interaction=Interaction.SEARCH_TYPE, query="mpi=1", resource_id=None), _OBSERVER)
    assert deed_of(event) == ""

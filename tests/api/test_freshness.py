"""Versions and instants in headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.api.fhir.exchange import Conditions
from hub.api.fhir.freshness import etag, expected_version, http_date, unchanged, version_number
from hub.kernel.errors import Category, HubError
from hub.kernel.versions import ANY

UPDATED = datetime(2026, 5, 20, 1, 2, 3, 500_000, tzinfo=UTC)


def test_an_etag_is_the_weak_tag_of_the_version() -> None:
    assert etag(7) == 'W/"7"'


def test_an_http_date_is_in_gmt_whatever_the_zone() -> None:
    beijing = UPDATED.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+08:00").tzinfo)
    assert http_date(beijing) == "Wed, 20 May 2026 01:02:03 GMT"


@pytest.mark.parametrize("tags", ['W/"3"', '"3"', '"1", W/"3"', "*"])
def test_a_version_the_client_has_is_unchanged(tags: str) -> None:
    assert unchanged(Conditions(if_none_match=tags), 3, UPDATED)


@pytest.mark.parametrize("tags", ['W/"2"', "3", 'W/"33"', '"x"'])
def test_a_version_the_client_does_not_have_is_sent(tags: str) -> None:
    assert not unchanged(Conditions(if_none_match=tags), 3, UPDATED)


def test_if_modified_since_counts_in_whole_seconds() -> None:
    assert unchanged(Conditions(if_modified_since=http_date(UPDATED)), 3, UPDATED)
    assert not unchanged(Conditions(if_modified_since=http_date(UPDATED - timedelta(seconds=1))), 3, UPDATED)
    assert not unchanged(Conditions(if_modified_since="yesterday"), 3, UPDATED)
    assert not unchanged(Conditions(if_modified_since=http_date(UPDATED)), 3, None)


def test_if_none_match_wins_over_if_modified_since() -> None:
    assert not unchanged(Conditions(if_none_match='"2"', if_modified_since=http_date(UPDATED)), 3, UPDATED)


@pytest.mark.parametrize(("text", "version"), [("", None), ('W/"3"', 3), ('"12"', 12), (" * ", ANY)])
def test_if_match_names_one_version(text: str, version: int | None) -> None:
    assert expected_version(text) == version


@pytest.mark.parametrize("text", ["3", "**", '"1", "2"', " ", 'W/"1'])
def test_an_if_match_that_is_no_one_tag_is_refused(text: str) -> None:
    with pytest.raises(HubError) as caught:
        expected_version(text)
    assert caught.value.code == "if-match"


@pytest.mark.parametrize("text", ['"*"', '"0"', 'W/"x"', '"-1"'])
def test_an_if_match_with_the_tag_of_no_version_holds_for_nothing(text: str) -> None:
    """R4 http.html#concurrency: if the version id given in the If-Match header does not match, 412."""
    with pytest.raises(HubError) as caught:
        expected_version(text)
    assert caught.value.category is Category.PRECONDITION


@pytest.mark.parametrize("text", ["0", "01", "x", "1.0", "9" * 10, "", "１"])
def test_a_version_id_the_hub_never_gave_is_none(text: str) -> None:
    assert version_number(text) is None

"""Content negotiation: JSON in whatever way a client names it, nothing else pretended."""

from __future__ import annotations

import pytest

from hub.api.negotiation import Preference, check_accept, check_content_type, preference
from hub.kernel.errors import HubError

JSON_TYPES = [
    "application/fhir+json",
    "application/json",
    "application/json+fhir",
    "text/json",
    "Application/FHIR+JSON; charset=UTF-8",
    "application/fhir+json; fhirVersion=4.0",
]


@pytest.mark.parametrize(
    "accept",
    [
        *JSON_TYPES,
        "",
        "*/*",
        "application/*",
        "application/fhir+xml, application/fhir+json;q=0.5",
        "text/html,application/xhtml+xml,*/*;q=0.8",
    ],
)
def test_a_client_that_takes_json_is_served(accept: str) -> None:
    check_accept(accept, [])


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json;q=0",
        "*/*;q=0.0",
        "application/fhir+json;fhirVersion=3.0",
    ],
)
def test_a_client_that_takes_no_json_of_r4_is_refused_with_406(accept: str) -> None:
    with pytest.raises(HubError) as caught:
        check_accept(accept, [])
    assert caught.value.code == "not-acceptable"


@pytest.mark.parametrize("wanted", ["json", "application/fhir json", "application/fhir+json", "text/json"])
def test_format_wins_over_accept(wanted: str) -> None:
    check_accept("application/fhir+xml", [wanted])


@pytest.mark.parametrize("wanted", ["xml", "html", "application/fhir+xml", ""])
def test_another_format_is_refused_even_when_accept_takes_json(wanted: str) -> None:
    with pytest.raises(HubError):
        check_accept("application/fhir+json", [wanted])


@pytest.mark.parametrize("content_type", JSON_TYPES)
def test_a_body_of_json_is_taken(content_type: str) -> None:
    check_content_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/fhir+xml", "application/x-www-form-urlencoded", "application/json; charset=gbk"],
)
def test_another_body_is_refused_with_415(content_type: str) -> None:
    with pytest.raises(HubError) as caught:
        check_content_type(content_type)
    assert caught.value.code == "media-type"


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("", Preference()),
        ("return=minimal", Preference("minimal")),
        ("return=representation; handling=lenient", Preference("representation", lenient=True)),
        ("handling=lenient, return=OperationOutcome", Preference("OperationOutcome", lenient=True)),
        ('respond-async, return="minimal"', Preference("minimal", later=True)),
        ("handling=strict, return=nonsense", Preference()),
    ],
)
def test_preferences_are_read_and_unknown_ones_ignored(header: str, meaning: Preference) -> None:
    assert preference(header) == meaning

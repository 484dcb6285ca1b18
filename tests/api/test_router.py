"""Dispatch by the shape of a path."""

from __future__ import annotations

import pytest

from hub.api.fhir.router import MethodNotAllowedError
from hub.api.fhir.routes import ROUTER
from hub.kernel.errors import Category, HubError


@pytest.mark.parametrize(
    ("method", "path", "code", "named"),
    [
        ("GET", "/Patient/a.B-1", "read", ("Patient", "a.B-1", "")),
        ("GET", "/Patient/a/_history/3", "vread", ("Patient", "a", "3")),
        ("GET", "/Patient/a/_history", "history-instance", ("Patient", "a", "")),
        ("GET", "/Observation", "search-type", ("Observation", "", "")),
        ("POST", "/Observation/_search", "search-type", ("Observation", "", "")),
        ("GET", "", "search-system", ("", "", "")),
        ("GET", "/", "search-system", ("", "", "")),
        ("POST", "/_search", "search-system", ("", "", "")),
        ("POST", "/Patient", "create", ("Patient", "", "")),
        ("PUT", "/Patient/a", "update", ("Patient", "a", "")),
        ("PUT", "/Patient", "update", ("Patient", "", "")),
        ("DELETE", "/Patient/a", "delete", ("Patient", "a", "")),
        ("DELETE", "/Patient", "delete", ("Patient", "", "")),
        ("POST", "", "transaction", ("", "", "")),
        ("POST", "/", "transaction", ("", "", "")),
        ("GET", "/Patient/_history", "history-type", ("Patient", "", "")),
        ("GET", "/_history", "history-system", ("", "", "")),
        ("GET", "/Patient/$everything", "everything", ("Patient", "", "")),
        ("GET", "/Observation/a/$meta", "meta", ("Observation", "a", "")),
        ("GET", "/Observation/a/_history/2/$meta", "meta", ("Observation", "a", "2")),
        ("POST", "/Observation/a/$meta-add", "meta-add", ("Observation", "a", "")),
        ("GET", "/Patient/a/$everything", "everything", ("Patient", "a", "")),
        ("POST", "/Patient/a/$everything", "everything", ("Patient", "a", "")),
        ("GET", "/Encounter/a/$everything", "everything", ("Encounter", "a", "")),
    ],
)
def test_each_interaction_is_found_by_its_url(method: str, path: str, code: str, named: tuple[str, str, str]) -> None:
    match = ROUTER.resolve(method, path)
    assert (match.interaction.code, (match.type, match.id, match.version)) == (code, named)


@pytest.mark.parametrize("path", ["/Patient/a_b", "/Patient/" + "x" * 65])
def test_what_cannot_be_an_id_is_told_what_one_is(path: str) -> None:
    with pytest.raises(HubError) as caught:
        ROUTER.resolve("PUT", path)
    assert (caught.value.category, "1 to 64" in caught.value.todo) == (Category.NOT_FOUND, True)


@pytest.mark.parametrize(
    "path",
    [
        "/$x",
        "/Patient/$x",
        "/Patient/a/$x",
        "/Patient/a/_history/1/$validate",
        "/Device/a/$everything",
        "/$validate",
    ],
)
def test_an_operation_that_is_not_there_is_told_to_be_none(path: str) -> None:
    with pytest.raises(HubError) as caught:
        ROUTER.resolve("POST", path)
    assert (caught.value.category, caught.value.what) == (Category.NOT_FOUND, "no such operation here")
    assert "capability statement" in caught.value.todo


@pytest.mark.parametrize(
    "path",
    [
        "/Nonsense",
        "/patient/a",
        "/Patient/a/b",
        "/Observation/a/Patient",
        "/Patient/a b",
        "/Patient/" + "a" * 65,
        "/Patient/a/_history/1/2",
        "/_history/1",
        "/Patient/a\n",
        "/DomainResource",
        "/Patient/ä",
        "/Device/a/$everything",
        "/Encounter/$everything",
        "/Observation/$everything",
        "/$everything",
        "/Patient/a/$match",
        "/Patient/a/$everything/b",
        "/Patient/a/$x",
    ],
)
def test_a_url_that_cannot_be_is_absent(path: str) -> None:
    with pytest.raises(HubError) as caught:
        ROUTER.resolve("GET", path)
    assert caught.value.category is Category.NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/Patient/a/_history", "GET, HEAD"),
        ("POST", "/Patient/a", "DELETE, GET, HEAD, PATCH, PUT"),
        ("DELETE", "", "GET, HEAD, POST"),
        ("PUT", "/Patient/a/_history/1", "GET, HEAD"),
        ("OPTIONS", "/Patient/a", "DELETE, GET, HEAD, PATCH, PUT"),
        ("OPTIONS", "/AuditEvent/a", "GET, HEAD"),
        ("OPTIONS", "/SearchParameter/a", "DELETE, GET, HEAD, PUT"),
        ("OPTIONS", "/Subscription/a/$events", "GET, HEAD, POST"),
    ],
)
def test_a_method_a_url_does_not_have_names_those_it_has(method: str, path: str, allowed: str) -> None:
    with pytest.raises(MethodNotAllowedError) as caught:
        ROUTER.resolve(method, path)
    assert ", ".join(caught.value.allowed) == allowed

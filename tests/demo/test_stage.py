from datetime import UTC, datetime
from typing import Any

import pytest

from hub.demo.ask import Reply
from hub.demo.calendar import Calendar
from hub.demo.staff import staff
from hub.demo.stage import Stage
from hub.demo.story import data
from hub.demo.verify import expectations
from hub.kernel.errors import Category, HubError
from tests.demo.a_hub import Asked, a_hub

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))


def found(asked: Asked) -> tuple[int, Any]:
    return 200, {"total": 1, "entry": [{"resource": {"id": "abc"}}]}


def test_names_in_a_path_and_in_a_body_become_ids_and_dates() -> None:
    with a_hub(found) as hub:
        stage = Stage(hub.clients, CALENDAR)
        stage.perform({"as": "F02", "post": "fhir/X?patient={P1@F01}", "body": {"a": [{"b": "{day:-1} {P1@F01}"}]}})
    search, post = hub.asked
    assert search.path == "/fhir/Patient?identifier=urn:oid:2.999.1.1|M100001"
    assert hub.issued[int(search.token)] == {"role": "clinician", "organization": "F01"}
    assert (post.method, post.path) == ("POST", "/fhir/X?patient=abc")
    assert post.body == {"a": [{"b": "2026-11-21 abc"}]}
    assert hub.issued[int(post.token)] == {"role": "clinician", "organization": "F02"}


def test_a_member_of_staff_asks_as_herself_with_one_token() -> None:
    with a_hub(found) as hub:
        stage = Stage(hub.clients, CALENDAR)
        stage.perform({"as": "bai", "get": "fhir/Patient/1"})
        stage.perform({"as": "bai", "get": "fhir/Patient/2"})
    assert hub.issued == [{"role": "family-doctor", "organization": "F05", "practitioner": "F05-D0101"}]


def test_a_refusal_is_an_answer() -> None:
    with a_hub(lambda _: (404, {"resourceType": "OperationOutcome"})) as hub:
        reply = Stage(hub.clients, CALENDAR).perform({"as": "F01", "get": "fhir/Patient/1"})
    assert reply == Reply(404, {"resourceType": "OperationOutcome"})


def test_an_answer_that_is_no_json_is_its_text() -> None:
    with a_hub(lambda _: (200, b"<a>\xe6\xb2\x88</a>")) as hub:
        assert Stage(hub.clients, CALENDAR).perform({"as": "F01", "get": "x"}) == Reply(200, "<a>沈</a>")


def test_an_empty_answer_is_none() -> None:
    with a_hub(lambda _: (204, None)) as hub:
        assert Stage(hub.clients, CALENDAR).perform({"as": "F01", "put": "x", "body": {}}) == Reply(204, None)


@pytest.mark.parametrize("ids", [[], ["a", "b"]])
def test_a_number_nobody_or_two_have_is_refused(ids: list[str]) -> None:
    entries = [{"resource": {"id": rid}} for rid in ids]
    with a_hub(lambda _: (200, {"entry": entries})) as hub, pytest.raises(HubError) as caught:
        Stage(hub.clients, CALENDAR).meant("P1@F01")
        assert (caught.value.category, caught.value.where) == (Category.NOT_FOUND, "P1@F01")


def test_a_name_may_stand_for_the_item_of_a_list_that_holds_a_text() -> None:
    pairs = [{"number": 1, "first": "x"}, {"number": 2, "first": "abc"}]
    with a_hub(lambda asked: (200, {"pairs": pairs} if "pairs" in asked.path else found(asked)[1])) as hub:
        stage = Stage(hub.clients, CALENDAR)
        assert stage.meant("P4@pair") == "2"
        pairs.clear()
        with pytest.raises(HubError, match="stands for nothing"):
            stage.meant("P6@pair")


def test_a_request_without_a_method_is_refused() -> None:
    with a_hub(found) as hub, pytest.raises(HubError, match="neither get, post nor put"):
        Stage(hub.clients, CALENDAR).perform({"as": "F01", "says": "nothing"})


def test_a_hub_that_is_away_is_said_to_be() -> None:
    with a_hub(found) as hub:
        pass
    with pytest.raises(HubError) as caught:
        Stage(hub.clients, CALENDAR).perform({"as": "F01", "get": "fhir/Patient/1"})
    assert caught.value.category is Category.UNAVAILABLE


def test_every_actor_of_the_data_files_exists() -> None:
    facilities = {facility["code"] for facility in data("consortium.yaml")["facilities"]}
    known = facilities | staff().keys() | data("actors.yaml").keys()
    stories = expectations().values()
    rows = [*data("acts.yaml"), *(request for requests in stories for request in requests)]
    assert {row["as"] for row in rows} <= known

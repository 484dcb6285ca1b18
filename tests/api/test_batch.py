"""Batch: every entry for itself (R4 http.html#brules, attack 16)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api.fhir.routes import INTERACTIONS
from hub.api.fhir.singles import SINGLES, resolve_single
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from tests.api.house import House, body, in_house, patient


def entry(method: str, url: str, resource: Json | None = None, **request: str) -> Json:
    made: Json = {"request": {"method": method, "url": url, **request}}
    return made if resource is None else {**made, "resource": resource}


def batch(*entries: Any) -> Json:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def statuses(answer: Any) -> list[str]:
    return [e["response"]["status"].split()[0] for e in body(answer).get("entry", [])]


def test_answers_stand_in_the_order_of_the_entries(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("GET", f"Patient/{made['id']}"),
                entry("POST", "Patient", patient(gender="other")),
                entry("GET", "Patient?gender=other"),
                entry("PUT", f"Patient/{made['id']}", {**made, "birthDate": "1958-04-13"}),
                entry("DELETE", "Patient/absent"),
                entry("GET", f"Patient/{made['id']}/_history/1"),
            ),
        )
        assert statuses(answer) == ["200", "201", "200", "200", "404", "200"]
        page = body(answer)
        assert page["type"] == "batch-response"
        assert page["entry"][0]["resource"]["birthDate"] == "1958-04-13"
        assert page["entry"][1]["response"]["location"].startswith("Patient/")
        assert page["entry"][2]["resource"]["total"] == 1
        assert page["entry"][3]["response"]["etag"] == 'W/"2"'
        assert page["entry"][4]["response"]["outcome"]["resourceType"] == "OperationOutcome"

    in_house(database_url, visit)


def test_a_refused_entry_does_not_touch_the_others(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("POST", "Consent", {"resourceType": "Consent"}),
                entry("POST", "Patient", patient()),
                entry("POST", "Patient", {"resourceType": "Observation"}),
                entry("GET", "Nonsense/1"),
                entry("GET", "Patient?flavour=1"),
                entry("PATCH", "Patient/1"),
                {"resource": patient()},
                "entry",
            ),
        )
        assert statuses(answer) == ["403", "201", "400", "404", "400", "422", "422", "422"]
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1

    in_house(database_url, visit)


def test_a_hidden_resource_in_a_batch_looks_absent(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("GET", f"Patient/{theirs['id']}"),
                entry("GET", "Patient/absent"),
                entry("GET", f"Patient?_id={theirs['id']}"),
                entry("PUT", f"Patient/{theirs['id']}", {**theirs, "gender": "other"}),
                entry("DELETE", f"Patient/{theirs['id']}"),
                entry("GET", f"Patient/{theirs['id']}/_history"),
            ),
        )
        assert statuses(answer) == ["404", "404", "200", "404", "404", "404"]
        entries = body(answer)["entry"]
        assert entries[0] == entries[1]
        assert entries[2]["resource"]["total"] == 0

    in_house(database_url, visit)


def test_conditions_of_an_entry_count(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        criterion = "identifier=urn:test:mrn|mrn-1"
        url = f"Patient/{made['id']}"
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("POST", "Patient", patient(), ifNoneExist=criterion),
                entry("PUT", url, {**made, "gender": "other"}, ifMatch='W/"9"'),
                entry("GET", url, ifNoneMatch='W/"1"'),
            ),
        )
        assert statuses(answer) == ["200", "412", "304"]
        assert body(answer)["entry"][0]["response"]["location"] == f"{url}/_history/1"

    in_house(database_url, visit)


def test_many_entries_share_their_commits_and_are_all_written(database_url: str) -> None:
    async def visit(home: House) -> None:
        # People with nothing in common: how look-alikes are matched is not the question here.
        strangers = (
            patient(name=[{"text": chr(0x4E10 + 7 * n)}], birthDate=f"{1900 + n // 2}-03-1{n % 2}") for n in range(200)
        )
        answer = await home.ask("POST", "", batch(*(entry("POST", "Patient", one) for one in strangers)))
        assert statuses(answer) == ["201"] * 200
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 200

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "sent",
    [{"resourceType": "Patient"}, {"resourceType": "Bundle"}, {"resourceType": "Bundle", "type": "collection"}],
)
def test_what_is_neither_batch_nor_transaction_is_refused(database_url: str, sent: Json) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("POST", "", sent)).status_code == 400

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("message", "$process-message"),
        ("document", "POST it to Bundle"),
        ("collection", "POST it to Bundle"),
        ("searchset", "give each entry a request"),
        ("history", "give each entry a request"),
        ("transaction-response", "send the requests"),
        ("parcel", "send a Bundle of type batch or transaction"),
    ],
)
def test_a_bundle_of_another_type_is_told_where_it_belongs(database_url: str, kind: str, instead: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": kind})
        issue = body(answer)["issue"][0]
        assert answer.status_code == 400
        assert issue["diagnostics"].startswith("Bundle.type: ")
        assert instead in issue["diagnostics"]
        assert (kind in issue["diagnostics"]) == (kind != "parcel")

    in_house(database_url, visit)


def test_an_empty_batch_has_an_empty_answer(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch"})
        assert body(answer) == {"resourceType": "Bundle", "type": "batch-response"}

    in_house(database_url, visit)


async def alone_and_within(home: House, url: str) -> tuple[Any, Any]:
    """A GET by itself, and as the entry of a batch: status and resource of both."""
    alone = await home.ask("GET", url if url.startswith("?") else "/" + url.lstrip("/"))
    (within,) = body(await home.ask("POST", "", batch(entry("GET", url))))["entry"]
    told = within.get("resource") or within["response"]["outcome"]
    return (str(alone.status_code), timeless(body(alone))), (within["response"]["status"].split()[0], timeless(told))


def timeless(resource: Json) -> Json:
    """A resource without what differs from one answer to the next: when it was made, and the seal of the next page."""
    links = [one for one in resource.get("link", ()) if one["relation"] != "next"]
    left = {name: value for name, value in resource.items() if name not in ("meta", "link", "date", "timestamp")}
    return {**left, "link": links}


@pytest.mark.parametrize(
    "url",
    [
        *("metadata", "/metadata", "metadata?mode=terminology", "metadata?_elements=fhirVersion"),
        *("metadata?_summary=true", "_history", "_history?_count=1", "?_type=Patient", "?_type=Patient&_count=1"),
        *("/", "?_summary=count", "Patient/p/$everything", "Patient/p/$meta", "Patient/p/*", "Patient/p/_history"),
        *("Patient/p/$validate", "Patient/p?_format=json", "Patient/p?_elements=name&_pretty=false", "$meta"),
        *("CodeSystem/$lookup?code=x", "Patient?_format=json"),
    ],
)
def test_a_get_is_answered_in_a_batch_as_by_itself(database_url: str, url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        alone, within = await alone_and_within(home, url.replace("/p", f"/{rid}"))
        assert alone == within

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("url", "sent"), [("Patient/_search?_count=1", None), ("_search", {"resourceType": "Parameters"})]
)
def test_a_search_by_post_is_told_to_come_as_get(database_url: str, url: str, sent: Json | None) -> None:
    """Its parameters are a form (R4 http.html#search), and entries hold resources."""

    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", batch(entry("POST", url, sent)))
        assert statuses(answer) == ["422"]
        (issue,) = body(answer)["entry"][0]["response"]["outcome"]["issue"]
        assert "GET" in issue["diagnostics"]

    in_house(database_url, visit)


def test_the_capability_statement_is_read_beside_other_entries_and_not_written(database_url: str) -> None:
    async def visit(home: House) -> None:
        sent = [entry("GET", "metadata"), entry("HEAD", "metadata"), entry("POST", "Patient", patient())]
        for kind in ("batch", "transaction"):
            answer = await home.ask("POST", "", {**batch(*sent), "type": kind})
            assert statuses(answer) == ["200", "200", "201"]
            statement, head, _ = body(answer)["entry"]
            assert (statement["resource"]["fhirVersion"], "resource" in head) == ("4.0.1", False)
        answer = await home.ask("POST", "", batch(entry("DELETE", "metadata"), entry("GET", "metadata?_summary=count")))
        assert statuses(answer) == ["405", "400"]

    in_house(database_url, visit)


def test_a_resource_is_validated_in_a_batch(database_url: str) -> None:
    async def visit(home: House) -> None:
        wrong = {"resourceType": "Patient", "gender": "nonsense"}
        answer = await home.ask("POST", "", batch(entry("POST", "Patient/$validate", wrong)))
        (told,) = body(answer)["entry"]
        assert told["response"]["status"] == "200 OK"
        assert told["resource"] == body(await home.ask("POST", "/Patient/$validate", wrong))

    in_house(database_url, visit)


def test_a_batch_offers_every_interaction_or_says_that_it_comes_alone() -> None:
    rest = [one for one in INTERACTIONS if one not in SINGLES and one.template]
    for one in rest:
        path = one.template.replace("{type}", one.only).replace("{id}", "x")
        with pytest.raises(HubError) as refused:
            resolve_single(one.method, path)
        # A subscription's $status and $events are offered by GET.
        assert refused.value.code == ("method" if one.code in ("status", "events") else "comes-alone"), path


@pytest.mark.parametrize(
    ("method", "url"),
    [
        *(("GET", "$export"), ("GET", "Patient/$export?_type=Patient"), ("GET", "/$jobs/" + "a" * 26)),
        *(("POST", "$import"), ("POST", "$process-message"), ("GET", "Subscription/x/$get-ws-binding-token")),
    ],
)
def test_what_comes_alone_says_so_in_a_batch(database_url: str, method: str, url: str) -> None:
    async def visit(home: House) -> None:
        sent = {"resourceType": "Parameters"} if method == "POST" else None
        answer = await home.ask("POST", "", batch(entry(method, url, sent)))
        assert statuses(answer) == ["400"]
        (issue,) = body(answer)["entry"][0]["response"]["outcome"]["issue"]
        assert issue["details"]["coding"][0]["code"] == "comes-alone"
        assert issue["diagnostics"] == "Bundle.entry[0].request.url: is not offered in a batch; send it alone"

    in_house(database_url, visit)

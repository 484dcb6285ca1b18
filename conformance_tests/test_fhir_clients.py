"""Other people's FHIR clients, each doing a day's work of a clinic against a running hub: fhirclient (SMART; that of
Python, and that of npm in a browser), fhirpy (with and without asyncio) and fhir-kit-client (Node.js)."""

from __future__ import annotations

import asyncio
import html
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from fhirclient import server as smart
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.condition import Condition
from fhirclient.models.encounter import Encounter
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, MultipleResourcesFound, OperationOutcome, ResourceNotFound
from playwright.sync_api import sync_playwright

from conformance_tests.browser import chromium
from conformance_tests.npm import installed, unpacked
from conformance_tests.running_hub import RunningHub, running_hub

#: Runs on Node.js 20 and newer.
NODE_CLIENT: Final = "fhir-kit-client@2.0.3"
SCRIPT: Final = Path(__file__).with_name("fhir_kit_day.mjs")
BROWSER_CLIENT: Final = "fhirclient@2.6.3"
#: Says who the patient of the launch is, what writing is answered to, and whether the session outlives the page.
APPLICATION: Final = """
FHIR.oauth2.ready().then(async (client) => {
  const patient = await client.patient.read();
  const refused = await client.create({ resourceType: 'Patient' }).then(() => 0, (error) => error.status);
  const kept = (await FHIR.oauth2.ready()).patient.id === patient.id;
  const place = document.querySelector('p');
  const number = patient.identifier[0].value;
  place.textContent = JSON.stringify({ number, born: patient.birthDate, refused, kept });
  place.id = 'who';
}).catch((error) => { document.querySelector('p').textContent = String(error); });
"""
FULL: Final = "urn:uuid:8c5f3a70-0000-4000-8000-00000000000b"


@dataclass(frozen=True)
class Desk:
    """Where a client works, with a token that holds and one that held."""

    base: str
    token: str
    expired: str
    hub: RunningHub


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_hub(tmp_path_factory.mktemp("clients")) as hub:
        short = ["token", "--role", "clinician", "--organization", "F01", "--ttl", "1", "--url", hub.base]
        expired = hub.yilian(*short).stdout.strip()
        yield Desk(str(hub.ready["fhir"]), hub.token("clinician", "F01"), _over(hub, expired), hub)


def _over(hub: RunningHub, token: str) -> str:
    """`token` once it is no longer taken."""
    deadline = time.monotonic() + 90
    sent = {"authorization": f"Bearer {token}"}
    while requests.get(f"{hub.base}/fhir/Patient/x", headers=sent, timeout=9).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return token


def person(system: str, number: str = "1", **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": system, "value": number}],
        "name": [{"family": "沈", "given": ["桂兰"]}],
        "gender": "female",
        "birthDate": "1958-04-12",
        **elements,
    }


def pressure(subject: str, value: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": subject},
        "effectiveDateTime": f"2026-05-{value - 120:02}T08:00:00+08:00",
        "valueQuantity": {"value": value, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    }


def posted(resource: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **more}}


def visit(system: str) -> dict[str, Any]:
    """A transaction: the patient unless known, an encounter and five blood pressures of hers."""
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": FULL},
    }
    patient = {"fullUrl": FULL, **posted(person(system), ifNoneExist=f"identifier={system}|1")}
    values = [posted(pressure(FULL, value)) for value in range(121, 126)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [patient, posted(encounter), *values]}


def test_fhirclient_completes_a_standalone_launch(desk: Desk) -> None:
    """SMART App Launch 2.2 from the capability statement to the patient, with a browser that knows no JavaScript."""
    made = requests.post(
        f"{desk.base}/Patient",
        json=person("urn:test:launch"),
        headers={"authorization": f"Bearer {desk.token}", "content-type": "application/fhir+json"},
        timeout=30,
    ).json()["id"]
    callback, scope = "http://127.0.0.1:1/callback", "patient/*.rs launch/patient openid fhirUser offline_access"
    password = _password(desk, "fang")
    _registered(desk, "chart", callback, scope)
    app = FHIRClient(settings={"app_id": "chart", "api_base": desk.base, "redirect_uri": callback, "scope": scope})
    app.prepare()
    browser = requests.Session()
    door = browser.get(app.authorize_url, timeout=30)
    page = _sent(browser, door, f"{desk.hub.base}/sign-in", name="fang", password=password, onward=_onward(door))
    answer = _sent(browser, page, page.url, follow=False, step="allow", patient=made)
    app.handle_callback(answer.headers["location"])
    assert app.ready
    assert app.patient.id == made
    with pytest.raises(smart.FHIRPermissionDeniedException):
        Patient({"birthDate": "1958-04-12"}).create(app.server)
    first = app.server.auth.access_token
    assert app.reauthorize()
    assert app.server.auth.access_token != first


def test_fhirclient_of_npm_completes_a_launch_in_a_browser(desk: Desk, tmp_path: Path) -> None:
    """The same by an application that is nothing but pages of another origin: discovery, PKCE, token and record."""
    browser_path, number = chromium(), "N990122"
    script = unpacked(tmp_path, BROWSER_CLIENT) / "build" / "fhir-client.min.js"
    requests.post(
        f"{desk.base}/Patient",
        json=person("urn:test:browser", number, name=[{"family": "顾", "given": ["长河"]}], birthDate="1971-11-05"),
        headers={"authorization": f"Bearer {desk.token}", "content-type": "application/fhir+json"},
        timeout=30,
    ).raise_for_status()
    with serving(tmp_path / "site") as origin, sync_playwright() as driver:
        asked = {"clientId": "browser-app", "scope": "launch/patient patient/*.rs openid fhirUser", "iss": desk.base}
        _pages(tmp_path / "site", script, {**asked, "redirectUri": f"{origin}/app.html", "pkceMode": "required"})
        _registered(desk, "browser-app", f"{origin}/app.html", asked["scope"], "--origin", origin)
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(15_000)
        page.goto(f"{origin}/launch.html")
        page.fill("#name", "fang-pages")
        page.fill("#password", _password(desk, "fang-pages"))
        page.click("button.primary")
        page.fill("#number", number)
        page.click("form[role=search] button")
        page.click("button[value=allow]")
        page.wait_for_selector("#who")
        told = json.loads(page.inner_text("#who"))
        assert told == {"number": number, "born": "1971-11-05", "refused": 403, "kept": True}
        # The code was used: going back to it starts nothing.
        assert "code=" not in page.url
        browser.close()


def _pages(site: Path, script: Path, asked: dict[str, str]) -> None:
    """An application of two pages, as the documentation of the client shows it."""
    shutil.copy(script, site / "fhir-client.js")
    head = (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>App</title><script src="fhir-client.js"></script>'
    )
    (site / "launch.html").write_text(f"{head}<script>FHIR.oauth2.authorize({json.dumps(asked)})</script>")
    (site / "app.html").write_text(f"{head}<p></p><script>{APPLICATION}</script>")


def _password(desk: Desk, name: str) -> str:
    account = ("user", "add", name, "--role", "clinician", "--organization", "F01", "--practitioner", name)
    return desk.hub.yilian(*account, "--generate", "--data", str(desk.hub.data)).stdout.strip()


def _registered(desk: Desk, name: str, callback: str, scope: str, *more: str) -> None:
    client = ("client", "add", name, "--name", "曲线", "--kind", "public", "--redirect", callback, "--scope", scope)
    desk.hub.yilian(*client, *more, "--role", "clinician", "--data", str(desk.hub.data))


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The origin that serves the files of a folder."""
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _onward(door: requests.Response) -> str:
    found = re.search(r'name="onward" value="([^"]+)"', door.text)
    assert found
    return html.unescape(found[1])


def _sent(
    browser: requests.Session, page: requests.Response, address: str, *, follow: bool = True, **fields: str
) -> requests.Response:
    """A form of a page, sent as a browser sends it."""
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}
    data = {"form_token": found[1], **fields}
    return browser.post(address, data=data, headers=headers, allow_redirects=follow, timeout=30)


def test_fhirclient_does_a_day_s_work(desk: Desk) -> None:
    system = "urn:test:smart"
    client = FHIRClient(settings={"app_id": "clinic", "api_base": desk.base})
    server = client.server
    server.session.headers["Authorization"] = f"Bearer {desk.expired}"
    assert not client.prepare()  # it has read that the hub wants a launch, and has none yet
    assert server.capabilityStatement.fhirVersion == "4.0.1"
    with pytest.raises(smart.FHIRUnauthorizedException) as refused:
        Patient.read("x", server)
    assert 'error="invalid_token"' in refused.value.response.headers["www-authenticate"]
    server.session.headers["Authorization"] = f"Bearer {desk.token}"

    made = Patient(Patient(person(system)).create(server))
    found = list(Patient.where({"identifier": f"{system}|1", "name": "桂兰"}).perform_resources_iter(server))
    assert [one.id for one in found] == [made.id]
    seen = Patient.read(made.id, server)
    assert seen.name[0].family == "沈"
    seen.gender = "other"
    server.session.headers["If-Match"] = 'W/"1"'
    assert Patient(seen.update(server)).meta.versionId == "2"
    with pytest.raises(requests.HTTPError) as lost:
        seen.update(server)
    assert _refused(lost.value) == (412, "OperationOutcome")
    del server.session.headers["If-Match"]

    answer = Bundle(Bundle(visit(system)).create(server))
    assert [entry.response.status[:3] for entry in answer.entry] == ["200", *["201"] * 6]
    stay = Encounter.where({"patient": made.id}).perform_resources_iter(server)
    assert [one.subject.reference for one in stay] == [f"Patient/{made.id}"]
    illness = {"subject": {"reference": f"Patient/{made.id}"}, "code": {"text": "原发性高血压"}}
    assert Condition(Condition(illness).create(server)).code.text == "原发性高血压"

    search = Observation.where({"subject:Patient.identifier": f"{system}|1", "_sort": "-date", "_count": "2"})
    pages = list(search.include("subject").perform_iter(server))
    modes = [[entry.search.mode for entry in page.entry] for page in pages]
    assert modes == [["match", "match", "include"], ["match", "match", "include"], ["match", "include"]]
    values = [e.resource.valueQuantity.value for page in pages for e in page.entry if e.search.mode == "match"]
    assert values == [125, 124, 123, 122, 121]

    assert seen.delete(server) is None
    with pytest.raises(requests.HTTPError) as gone:
        Patient.read(made.id, server)
    assert _refused(gone.value) == (410, "OperationOutcome")
    history = Bundle.read_from(f"Patient/{made.id}/_history", server)
    assert [entry.request.method for entry in history.entry] == ["DELETE", "PUT", "POST"]
    with pytest.raises(smart.FHIRNotFoundException) as absent:
        Patient.read("nobody", server)
    assert absent.value.response.json()["issue"][0]["code"] == "not-found"


def _refused(error: requests.HTTPError) -> tuple[int, str]:
    assert error.response is not None
    return error.response.status_code, error.response.json()["resourceType"]


def test_fhirpy_does_a_day_s_work(desk: Desk) -> None:
    system = "urn:test:fhirpy"
    with pytest.raises(AuthorizationError):
        SyncFHIRClient(desk.base, authorization=f"Bearer {desk.expired}").resources("Patient").fetch()
    client = SyncFHIRClient(desk.base, authorization=f"Bearer {desk.token}")
    assert client.execute("metadata", method="get")["fhirVersion"] == "4.0.1"

    patient = client.resource(**_typed(person(system))).create()
    assert client.resources("Patient").search(identifier=f"{system}|1", name="沈").get().id == patient.id
    patient["gender"] = "other"
    assert patient.update()["meta"]["versionId"] == "2"
    assert patient.refresh()["gender"] == "other"
    sick = client.resources("Patient").search(identifier=f"{system}|2")
    for gender, created in (("female", True), ("male", False)):
        written, made = sick.update(client.resource(**_typed(person(system, "2", gender=gender))))
        assert (made, written["gender"]) == (created, gender)
    with pytest.raises(OperationOutcome) as strange:  # a criterion in the URL of a POST is another server's way
        sick.get_or_create(client.resource(**_typed(person(system, "2"))))
    assert strange.value.resource["issue"][0]["code"] == "not-supported"

    done = client.execute("", data=visit(system))
    assert [entry["response"]["status"][:3] for entry in done["entry"]] == ["200", *["201"] * 6]
    search = client.resources("Observation").search(**{"subject:Patient.identifier": f"{system}|1"}).sort("-date")
    assert [one["valueQuantity"]["value"] for one in search.limit(2).fetch_all()] == [125, 124, 123, 122, 121]
    whole = search.include("Observation", "subject").limit(2).fetch_raw()
    assert [entry["search"]["mode"] for entry in whole["entry"]] == ["match", "match", "include"]
    lenient = SyncFHIRClient(desk.base, f"Bearer {desk.token}", {"Prefer": "handling=lenient"})
    assert lenient.resources("Observation").search(patient=patient.id).count() == 5
    assert (
        client.resources("Patient")
        .has("Observation", "patient", code="8480-6")
        .search(identifier=f"{system}|1")
        .get()
        .id
        == patient.id
    )

    patient.delete()
    for gone in (patient.to_reference().to_resource, lambda: client.get("Patient", "nobody")):
        with pytest.raises(ResourceNotFound):
            gone()
    with pytest.raises(OperationOutcome) as bad:
        client.resource("Patient", gender="secretword").save()
    assert bad.value.resource["issue"][0]["expression"] == ["Patient.gender"]
    assert "secretword" not in json.dumps(bad.value.resource)


def test_fhirpy_with_asyncio_does_many_things_at_once(desk: Desk) -> None:
    system = "urn:test:async"

    async def work() -> None:
        client = AsyncFHIRClient(desk.base, authorization=f"Bearer {desk.token}")
        people = [client.resource(**_typed(person(system, str(n)))) for n in range(12)]
        await asyncio.gather(*(one.create() for one in people))
        mine = client.resources("Patient").search(identifier=f"{system}|")
        assert {one.id async for one in mine.limit(5)} == {one.id for one in people}
        await asyncio.gather(
            *(client.resource(**_typed(pressure(f"Patient/{one.id}", 121))).create() for one in people)
        )
        assert len(await client.resources("Observation").search(**{"patient.identifier": f"{system}|3"}).fetch()) == 1
        double = client.resources("Patient").search(identifier=f"{system}|3")
        await client.resource(**_typed(person(system, "3"))).create()
        with pytest.raises(MultipleResourcesFound):
            await double.update(client.resource(**_typed(person(system, "3"))))
        await asyncio.gather(*(one.delete() for one in people))
        assert len(await mine.fetch_all()) == 1

    asyncio.run(work())


def _typed(resource: dict[str, Any]) -> dict[str, Any]:
    """As fhirpy takes it: the type is an argument of its own name."""
    return {"resource_type": resource["resourceType"], **{k: v for k, v in resource.items() if k != "resourceType"}}


def test_fhir_kit_client_does_a_day_s_work(desk: Desk, tmp_path: Path) -> None:
    script = installed(tmp_path, SCRIPT, NODE_CLIENT)
    arguments = ["node", str(script), desk.base, desk.token, desk.expired]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    refusals = {name: seen.pop(name) for name in ("expired", "lost", "failed", "deleted", "unknown")}
    assert seen == {
        "version": "4.0.1",
        "location": True,
        "again": True,
        "named": True,
        "updated": "2",
        "old": "1949-12-05",
        "upserted": 201,
        "upsertedAgain": 200,
        "transaction": "200,201,201,201,201,201,201",
        "batch": "200,404",
        "included": True,
        "values": "125,124,123,122,121",
        "posted": 5,
        "resolved": True,
        "everything": "Encounter,Observation,Observation,Observation,Observation,Observation,Patient",
        "history": "DELETE,PUT,POST",
    }
    assert {name: refusal["status"] for name, refusal in refusals.items()} == {
        "expired": 401,
        "lost": 412,
        "failed": 422,
        "deleted": 410,
        "unknown": 400,
    }
    assert all(refusal["type"] == "OperationOutcome" and refusal["says"] for refusal in refusals.values())

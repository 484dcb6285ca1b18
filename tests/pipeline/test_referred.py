"""Referrals of forms and documents get to whom they name, and else to the list of who sent them."""

from __future__ import annotations

from typing import Final

import pytest

from hub.bootstrap.formats import Cda, Form
from hub.kernel.types import Draft, Json, Translation
from hub.pipeline.referred import with_receivers
from tests.mappings.cda.documents import document, observation, section
from tests.mappings.engine import draft
from tests.mappings.forms.sheets import HYPERTENSION, csv_of
from tests.pipeline.fake_feed import IDS

BASE: Final = "https://hub.example"
NAMES: Final = {
    "F01": "云泽县人民医院",
    "F11": "云泽县人民医院东院",
    "F04": "柳溪镇卫生院",
    "F05": "城关诊所",
    "F06": "城关 诊所",
}


def form(to: str, **cells: str) -> Translation:
    reading = Form(None)
    row = {**HYPERTENSION, "转诊原因": "连续两次控制不满意", "转诊机构及科别": to, **cells}
    ((_, raw),) = reading.messages(csv_of(row).encode())
    return with_receivers(reading.translator("F04", IDS, BASE), "F04", NAMES)(raw)


def follow_up(flag: str, *statements: str) -> Translation:
    """A follow-up of hypertension (WS/T 483.12) with that mark of referral."""
    mark = observation("DE06.00.174.00", "转诊标志代码", flag)
    raw = document(section("18776-1", "referal", [mark, *statements]))
    return with_receivers(Cda(None).translator("F04", IDS, BASE), "F04", NAMES)(raw.encode())


def referral(made: Translation) -> tuple[Json, Draft]:
    (task,) = [d for d in made.drafts if d.resource["resourceType"] == "Task" and d.resource["intent"] == "order"]
    return draft(made, "ServiceRequest").resource, task


@pytest.mark.parametrize(
    ("to", "owner"),
    [
        ("云泽县人民医院心内科", "F01"),
        ("云泽县人民医院 东院 内科", "F11"),
        ("云泽县人民医院", "F01"),
        ("云泽县人民医院住院部", "F01"),
        ("云泽县人民医院柳溪分院", ""),
        ("云泽县人民医院(新院区)心内科", ""),
        ("云泽县人民医院集团康复中心", ""),
        ("城关诊所", ""),
        ("省立医院心内科", ""),
        ("心内科", ""),
        ("柳溪镇卫生院", ""),
    ],
)
def test_a_form_refers_to_the_facility_it_names_and_else_to_nobody(to: str, owner: str) -> None:
    request, task = referral(form(to))
    assert task.resource["focus"] == {"reference": f"ServiceRequest/{request['id']}"}
    assert task.resource["owner"] == {"reference": f"Organization/{owner or 'F04'}"}
    if owner:
        assert request["performer"] == [{"display": to, "reference": f"Organization/{owner}"}]
        assert request["occurrencePeriod"] == {"start": "2026-03-05", "end": "2026-04-04"}
    else:
        assert request["performer"] == [{"display": to}]
        assert "occurrencePeriod" not in request, "a name that nobody knows opens no record"
        assert "请指定" in task.resource["description"]


def test_what_an_owner_said_of_a_referral_stays_when_it_comes_again() -> None:
    _, task = referral(form("云泽县人民医院"))
    assert (task.merge, task.defaults) == ("overlay", {"status": "requested"})
    assert "status" not in task.resource


def test_no_referral_makes_none() -> None:
    made = form("无", 转诊原因="无")
    assert not [d for d in made.drafts if d.resource["resourceType"] == "ServiceRequest"]


def test_a_follow_up_document_that_refers_does_as_a_form_does() -> None:
    yes = '<value xsi:type="BL" value="true"/>'
    reason = observation("", "转诊原因", '<value xsi:type="ST">血压控制不满意</value>')
    receiver = observation("DE08.10.013.00", "转入机构名称", '<value xsi:type="ST">云泽县人民医院</value>')
    request, task = referral(follow_up(yes, reason, receiver))
    assert request["reasonCode"] == [{"text": "血压控制不满意"}]
    assert request["performer"][0]["reference"] == task.resource["owner"]["reference"] == "Organization/F01"
    unnamed, waiting = referral(follow_up(yes))
    assert ("performer" in unnamed, waiting.resource["owner"]) == (False, {"reference": "Organization/F04"})


@pytest.mark.parametrize(
    ("flag", "refers"),
    [
        ('<value xsi:type="BL" value="false"/>', False),
        ('<value xsi:type="ST">是</value>', True),
        ('<value xsi:type="CD" code="1" codeSystem="1.2.3"/>', True),
        ('<value xsi:type="ST">否</value>', False),
    ],
)
def test_the_mark_of_a_referral_is_read_as_vendors_write_it(flag: str, refers: bool) -> None:
    made = follow_up(flag, observation("", "转诊原因", '<value xsi:type="ST">血压控制不满意</value>'))
    assert any(d.resource["resourceType"] == "ServiceRequest" for d in made.drafts) is refers

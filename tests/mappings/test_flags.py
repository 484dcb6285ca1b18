"""Abnormal flags in OBX-11, as Chinese laboratories send them."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from tests.mappings.engine import PID, resource, translate

HEADER = "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||OUL^{event}|L1|P|2.5.1"
OBR = "OBR|1||L1|201^生化||||||||||||||||||20260301103000||LAB|F"


def observed(value: str, limits: str, flag: str, event: str = "R24", first: str = "0") -> Json:
    obx = f"OBX|{first}|ST|GLU^葡萄糖||{value}|^mmol/L|{limits}||||{flag}"
    return resource(
        translate(HEADER.format(event=event), PID, OBR, "SPM|1|||C^血清", obx, facility="F03"), "Observation"
    )


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        *[("H", "H"), ("L", "L"), ("↑", "H"), ("↓", "L"), ("高", "H"), ("低", "L"), ("偏高", "H"), ("偏低", "L")],
        *[("正常", "N"), ("异常", "A")],
    ],
)
def test_a_letter_an_arrow_or_a_word_is_an_interpretation_and_no_status(flag: str, code: str) -> None:
    found = observed("5", "", flag)
    assert found["interpretation"][0]["coding"][0]["code"] == code
    assert found["status"] == "final"


@pytest.mark.parametrize(
    ("value", "flag", "code"),
    [
        ("8.02", "1", "H"),
        ("1.1", "3", "L"),
        ("5.09", "0", "N"),
        ("8.02", "3", "H"),
        (">6.1", "1", "H"),
        ("<3.9", "1", "L"),
    ],
)
def test_a_digit_counts_where_value_and_range_say_the_same(value: str, flag: str, code: str) -> None:
    assert observed(value, "3.9000-6.1000", flag)["interpretation"][0]["coding"][0]["code"] == code


@pytest.mark.parametrize(
    ("value", "limits", "flag"),
    [
        ("8.02", "3.9-6.1", "0"),
        ("5", "3.9-6.1", "1"),
        ("阳性", "阴性", "1"),
        ("<5", "3.9-6.1", "0"),
        ("<5", "3.9-6.1", "1"),
        (">=6.1", "3.9-6.1", "1"),
    ],
)
def test_a_digit_that_they_do_not_confirm_is_only_kept(value: str, limits: str, flag: str) -> None:
    found = observed(value, limits, flag)
    assert "interpretation" not in found
    assert found["_status"]["extension"][0]["valueString"] == flag


@pytest.mark.parametrize(
    ("word", "code"),
    [("高", "H"), ("偏高", "H"), ("低", "L"), ("偏低", "L"), ("正常", "N"), ("异常", "A"), ("弱阳性", "WR")],
)
def test_a_word_in_the_field_of_flags_is_an_interpretation_without_a_profile(word: str, code: str) -> None:
    obx = f"OBX|1|NM|GLU^葡萄糖||8|mmol/L|3.9-6.1|{word}|||F"
    translation = translate(HEADER.format(event="R24"), PID, OBR, obx, facility="F03")
    found = resource(translation, "Observation")["interpretation"][0]
    assert [coding["code"] for coding in found["coding"]] == [code, word]
    assert not [each for each in translation.unmapped if each.field == "OBX-8"]


@pytest.mark.parametrize("event", ["R21", "R22", "R23", "R24"])
def test_results_sent_as_a_specimen_message_are_results(event: str) -> None:
    found = observed("5.09", "3.9-6.1", "0", event=event)
    assert found["valueQuantity"]["unit"] == "mmol/L"
    assert found["specimen"]["reference"].startswith("Specimen/")


def test_a_flag_does_not_displace_the_senders_own_interpretation() -> None:
    obx = "OBX|1|NM|GLU^葡萄糖||8|mmol/L|3.9-6.1|A|||1"
    found = resource(translate(HEADER.format(event="R24"), PID, OBR, obx, facility="F03"), "Observation")
    assert found["interpretation"][0]["coding"][0]["code"] == "A"


def test_a_status_is_still_a_status() -> None:
    message = translate(HEADER.format(event="R24"), PID, OBR, "OBX|1|NM|GLU^葡萄糖||8||||||C", facility="F03")
    assert resource(message, "Observation")["status"] == "corrected"

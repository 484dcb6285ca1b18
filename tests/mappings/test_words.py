"""Words in the place of codes, as Chinese senders write them: the code they mean, and the words beside it."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import ADT_HEADER, PID, codes, patient, pid, resource, translate

ADT = ADT_HEADER.format(event="A01")
ORU = ["MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||ORU^R01|L1|P|2.4", PID]


def told(concept: Json) -> tuple[str, str]:
    """Code of the first coding, and the text."""
    return concept["coding"][0]["code"], concept["text"]


@pytest.mark.parametrize(("word", "code"), [("已婚", "M"), ("再婚", "M"), ("未婚", "S"), ("离异", "D"), ("丧偶", "W")])
def test_a_marital_status_in_words_has_its_code_and_stays_the_text(word: str, code: str) -> None:
    assert told(patient(pid(f16=word))["maritalStatus"]) == (code, word)


@pytest.mark.parametrize(("word", "code"), [("Married", "M"), ("single", "S"), ("WIDOWED", "W")])
def test_a_marital_status_in_english_words_has_its_code(word: str, code: str) -> None:
    codings = patient(pid(f16=word))["maritalStatus"]["coding"]
    assert [each["code"] for each in codings] == [code, word]


@pytest.mark.parametrize(
    ("word", "tag"), [("english", "en"), ("汉语", "zh"), ("普通话", "zh"), ("维吾尔语", "ug"), ("粤语", "yue")]
)
def test_a_language_by_its_name_has_its_tag_and_keeps_the_name(word: str, tag: str) -> None:
    (found,) = patient(pid(f15=word))["communication"]
    assert found["language"]["coding"] == [{"system": "urn:ietf:bcp:47", "code": tag}]
    assert found["language"]["text"] == word


def test_a_marital_status_of_the_national_code_list_is_understood() -> None:
    codings = patient(pid(f16="30"))["maritalStatus"]["coding"]
    assert [each["code"] for each in codings] == ["W", "30"]


@pytest.mark.parametrize(
    ("word", "code"),
    [("母亲", "MTH"), ("配偶", "SPS"), ("儿子", "SONC"), ("女", "DAUC"), ("兄弟姐妹", "SIB"), ("监护人", "GRD")],
)
def test_a_relationship_in_words_has_its_code(word: str, code: str) -> None:
    (contact,) = patient(PID, f"NK1|1|沈^国|{word}")["contact"]
    assert told(contact["relationship"][0]) == (code, word)


def test_an_allergy_is_told_by_the_words_for_its_kind_and_severity() -> None:
    found = resource(translate(ADT, PID, "AL1|1|药物|^青霉素|重度|皮疹"), "AllergyIntolerance")
    assert (found["category"], found["type"], found["criticality"]) == (["medication"], "allergy", "high")
    assert found["reaction"][0]["severity"] == "severe"


def test_a_moderate_allergy_says_nothing_of_the_risk() -> None:
    found = resource(translate(ADT, PID, "AL1|1|食物|^花生|中度|皮疹"), "AllergyIntolerance")
    assert found["reaction"][0]["severity"] == "moderate"
    assert "criticality" not in found


@pytest.mark.parametrize(
    ("word", "priority"), [("加急", "urgent"), ("常规", "routine"), ("特急", "stat"), ("STAT", "stat")]
)
def test_the_priority_of_an_order_may_be_a_word(word: str, priority: str) -> None:
    found = translate(*ORU, "ORC|NW|P1", f"OBR|1|P1||XCG^血常规|{word}")
    assert resource(found, "ServiceRequest")["priority"] == priority


@pytest.mark.parametrize(
    ("words", "times", "period", "unit"),
    [
        ("每日三次", 3, 1, "d"),
        ("一天两次", 2, 1, "d"),
        ("3次/日", 3, 1, "d"),
        ("每8小时一次", 1, 8, "h"),
        ("每周2次", 2, 1, "wk"),
        ("每晚一次", 1, 1, "d"),
        ("隔日一次", 1, 2, "d"),
        ("q8h", 1, 8, "h"),
        ("tid ac", 3, 1, "d"),
    ],
)
@pytest.mark.parametrize("segment", ["TQ1|1||{}", "ORC|NW|P1|||||^{}"])
def test_how_often_a_medicine_is_taken_may_be_said_in_words(
    words: str, times: int, period: int, unit: str, segment: str
) -> None:
    told_by = segment.format(words)
    order = [told_by] if told_by.startswith("ORC") else ["ORC|NW|P1", told_by]
    found = translate(ORU[0].replace("ORU^R01", "RDE^O11"), PID, *order, "RXE||AMX^阿莫西林|1||片")
    timing = resource(found, "MedicationRequest")["dosageInstruction"][0]["timing"]
    repeat = timing["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (times, period, unit)
    assert timing["code"]["text"] == words
    assert ("system" in timing["code"]["coding"][0]) == words.isascii()


@pytest.mark.parametrize("words", ["必要时", "每日零次", "0次/日", "每0小时一次", "早晚各一次", "1片"])
def test_words_that_say_no_frequency_stay_words(words: str) -> None:
    found = translate(
        ORU[0].replace("ORU^R01", "RDE^O11"), PID, "ORC|NW|P1", f"TQ1|1||{words}", "RXE||AMX^阿莫西林|1||片"
    )
    timing = resource(found, "MedicationRequest")["dosageInstruction"][0]["timing"]
    assert "repeat" not in timing
    assert timing["code"]["text"] == words


@pytest.mark.parametrize(
    "order", ["TQ1|1||PRN", "TQ1|1||必要时", "TQ1|1||Q6H||||||PRN", "ORC|NW|P1|||||^PRN", "ORC|NW|P1|||||^必要时"]
)
def test_what_is_given_as_needed_is_told_so(order: str) -> None:
    orders = [order] if order.startswith("ORC") else ["ORC|NW|P1", order]
    found = translate(ORU[0].replace("ORU^R01", "RDE^O11"), PID, *orders, "RXE||AMX^阿莫西林|1||片")
    assert not invalid(bundle(found.drafts))
    assert resource(found, "MedicationRequest")["dosageInstruction"][0]["asNeededBoolean"] is True


def test_a_medicine_that_is_given_regularly_says_nothing_of_need() -> None:
    found = translate(
        ORU[0].replace("ORU^R01", "RDE^O11"), PID, "ORC|NW|P1", "TQ1|1||BID", "RXE|^QD|AMX^阿莫西林|1||片"
    )
    assert "asNeededBoolean" not in resource(found, "MedicationRequest")["dosageInstruction"][0]


@pytest.mark.parametrize(("word", "code"), [("血清", "SER"), ("尿液", "UR"), ("静脉血", "BLDV"), ("脑脊液", "CSF")])
def test_a_specimen_in_words_has_its_code_in_either_segment(word: str, code: str) -> None:
    old = translate(*ORU, f"OBR|1|P1||XCG^血常规|||||||||||{word}", "OBX|1|NM|WBC^白细胞||5")
    new = translate(*ORU, "OBR|1|P1||XCG^血常规", "OBX|1|NM|WBC^白细胞||5", f"SPM|1|S1||{word}")
    assert told(resource(old, "Specimen")["type"]) == told(resource(new, "Specimen")["type"]) == (code, word)


def test_a_code_of_a_specimen_without_its_system_has_it_and_another_stays_the_senders() -> None:
    known, own = (
        resource(translate(*ORU, f"OBR|1|P1||XCG^血常规|||||||||||{code}", "OBX|1|NM|W^w||5"), "Specimen")["type"]
        for code in ("SER", "YSZ")
    )
    assert known["coding"] == [
        {"system": "http://terminology.hl7.org/CodeSystem/v2-0487", "code": "SER", "display": "Serum"}
    ]
    assert own == {"coding": [{"code": "YSZ"}], "text": "YSZ"}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("已取消", "cancelled"),
        ("已完成", "fulfilled"),
        ("已签到", "arrived"),
        ("爽约", "noshow"),
        ("No Show", "noshow"),
    ],
)
def test_an_appointment_is_what_the_words_of_its_status_say(word: str, status: str) -> None:
    header = ORU[0].replace("ORU^R01", "SIU^S14")
    found = translate(header, "SCH|P1|F1|||||||||^^30^20260310080000^20260310083000" + "|" * 14 + word, PID)
    assert resource(found, "Appointment")["status"] == status


@pytest.mark.parametrize(
    ("word", "order", "prescription"),
    [
        ("已完成", "completed", "completed"),
        ("已取消", "revoked", "cancelled"),
        ("停止", "revoked", "stopped"),
        ("暂停", "on-hold", "on-hold"),
        ("执行中", "active", "active"),
    ],
)
def test_an_order_and_a_prescription_are_what_the_words_of_their_status_say(
    word: str, order: str, prescription: str
) -> None:
    asked = translate(ORU[0].replace("ORU^R01", "ORM^O01"), PID, f"ORC|SC|P1|||{word}", "OBR|1|P1||XCG^血常规")
    given = translate(ORU[0].replace("ORU^R01", "RDE^O11"), PID, f"ORC|SC|P1|||{word}", "RXE||AMX^阿莫西林|1||片")
    assert resource(asked, "ServiceRequest")["status"] == order
    assert resource(given, "MedicationRequest")["status"] == prescription
    assert "status-not-in-the-table" not in codes(asked)

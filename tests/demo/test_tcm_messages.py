from hub.demo.messages import Event
from hub.demo.story import persons
from hub.demo.tcm_messages import tcm_message


def message(**told: object) -> list[str]:
    row: dict[str, object] = {"feed": "F02-his", "event": "A04", "person": persons()["P5"], "mr": "B1", "items": {}}
    raw = tcm_message(Event(**{**row, "at": "20261113083059", "visit": "T1", **told}), 1)  # type: ignore[arg-type]
    return raw.decode("utf-8").split("\r")


def test_times_have_no_seconds_and_sex_is_a_letter() -> None:
    header, event, patient, visit, _ = message()
    assert "|202611130830||ADT^A04|T00000001|P|2.3.1|" in header
    assert event == "EVN|A04|202611130830"
    assert patient.startswith("PID|1||B1^^^^BLH~990122195308172489^^^^SFZH||庄秀英||19530817|F|")
    assert visit.endswith("||T1" + "|" * 25 + "202611130830")


def test_what_the_desk_did_not_ask_is_not_said() -> None:
    patient = message(without=("citizen", "sex"), phone="1", marital="W")[2]
    assert patient == "PID|1||B1^^^^BLH||庄秀英||19530817|9|||||1|||W"
    assert message(without=("phone",))[2].endswith("|F||||||||")

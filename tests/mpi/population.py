"""Random fictional registrations for property tests: few values, so that they collide in every way."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from tests.mpi.people import citizen_id

_NAMES: Final = [
    "吴晓岚",
    "吳曉嵐",
    "吴小兰",
    "吴?岚",
    "WU XIAOLAN",
    "吴晓静",
    "昊晓岚",
    "赵平",
    "吴晓岚之女",
    "吴晓岚之子2",
    "",
]
_BIRTHS: Final = ["1984-05-17", "1984-05-07", "1984-07-05", "1985-01-01", "2019-06-01", ""]
_IDS: Final = [
    citizen_id("1984-05-17", 126),
    citizen_id("1984-05-17", 128),
    citizen_id("2019-06-01", 126),
    "990122198405171111",
    "990122********1261",
    "",
]


def records() -> st.SearchStrategy[dict[str, str]]:
    """The fields of one registration."""
    return st.fixed_dictionaries(
        {
            "facility": st.sampled_from(["F01", "F02"]),
            "name": st.sampled_from(_NAMES),
            "sex": st.sampled_from(["M", "F", ""]),
            "birth_date": st.sampled_from(_BIRTHS),
            "id_no": st.sampled_from(_IDS),
            "insurance_no": st.sampled_from(["990155501234", "990155501243", ""]),
            "phone": st.sampled_from(["13800990001", "13800990002", ""]),
            "address": st.sampled_from(["白云村3组12号", "青石镇白云村12号", "红石村9号", ""]),
            "contact_name": st.sampled_from(["赵平", "吴晓岚", ""]),
            "contact_phone": st.sampled_from(["13800990001", ""]),
            "birth_order": st.sampled_from(["1", "2", ""]),
        }
    )


def files() -> st.SearchStrategy[list[dict[str, str]]]:
    """The registrations of a small file, with different ids."""
    return st.lists(records(), max_size=9).map(
        lambda rows: [row | {"record_id": str(number)} for number, row in enumerate(rows)]
    )

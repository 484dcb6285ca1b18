r"""13. Escapes: resolved in leaves, after splitting, in the charset of the message; what is none survives."""

from __future__ import annotations

import pytest

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.mappings.engine import PID, resource, translate

OBR = "OBR|1||L1|X^项目|||||||||||||||||||||F"


def text(sent: str, kind: str = "ST") -> str:
    found = translate(PID, OBR, f"OBX|1|{kind}|X^项目||{sent}|||||F", kind="ORU", event="R01")
    value: str = resource(found, "Observation")["valueString"]
    return value


def test_an_escaped_delimiter_divides_nothing() -> None:
    found = translate(PID, OBR, "OBX|1|NM|X^项目||5|10\\S\\9/L^10\\S\\9/L||||F", kind="ORU", event="R01")
    assert resource(found, "Observation")["valueQuantity"]["unit"] == "10^9/L"
    assert text("a\\F\\b\\R\\c\\T\\d\\E\\e") == "a|b~c&d\\e"


@pytest.mark.parametrize("charset", ["gb18030", "utf-8"])
def test_bytes_are_characters_of_the_messages_charset(charset: str) -> None:
    name = "".join(f"{byte:02X}" for byte in "囧".encode(charset))
    raw = f"MSH|^~\\&|HIS|F01|||20260301083000||ADT^A08|1|P|2.4\rPID|1||7||沈桂\\X{name}\\".encode(charset)
    found = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))(raw)
    assert resource(found, "Patient")["name"][0]["text"] == "沈桂囧"


@pytest.mark.parametrize("sent", ["\\5 re.", "C:\\TEMP\\Z", "\\XZZ\\", "\\Zlocal\\", "50\\", "\\C2842\\", "\\M24A5\\"])
def test_what_is_no_escape_of_the_standard_survives(sent: str) -> None:
    assert text(sent) == sent


def test_marks_of_emphasis_are_no_text() -> None:
    assert text("\\H\\阳性\\N\\", "FT") == "阳性"


def test_nothing_is_resolved_twice() -> None:
    assert text("\\E\\F\\E\\") == "\\F\\"


def test_the_own_escape_character_of_a_message_is_the_one_that_counts() -> None:
    header = "MSH|^~#&|HIS|F01|||20260301083000||ORU^R01|1|P|2.4"
    found = translate(header, PID, OBR, "OBX|1|ST|X^项目||a#S#b\\S\\c|||||F")
    assert resource(found, "Observation")["valueString"] == "a^b\\S\\c"

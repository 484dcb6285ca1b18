"""Binary: https://hl7.org/fhir/R4/binary.html#rest (what is written and read as it is)."""

from __future__ import annotations

from base64 import b64decode
from typing import Final

from tests.api.house import House, body, code, in_house, patient

OCTETS: Final = b"%PDF-1.7\x00\xff\xfe"


def test_what_is_written_to_binary_is_its_content_as_it_is(database_url: str) -> None:
    """ "the data is accepted as is and treated as the content of a Binary"; the header names what it is judged by."""

    async def visit(home: House) -> None:
        whose = f"Patient/{(await home.create(patient()))['id']}"
        made = await home.ask(
            "POST", "/Binary", OCTETS, content_type="application/pdf", x_security_context=whose, prefer="return=minimal"
        )
        assert (made.status_code, made.content) == (201, b"")
        path = "/Binary/" + made.headers["location"].split("/")[-3]
        answer = await home.ask("GET", path)
        assert (answer.content, answer.headers["content-type"]) == (OCTETS, "application/pdf")
        resource = body(await home.ask("GET", path, accept="application/fhir+json"))
        assert resource["securityContext"] == {"reference": whose}
        text = {"content_type": "text/plain; charset=gbk", "x_security_context": whose}
        changed = await home.ask("PUT", path, "糖".encode("gbk"), if_match='W/"1"', **text)
        assert (changed.status_code, b64decode(body(changed)["data"])) == (200, "糖".encode("gbk"))
        assert (await home.ask("GET", path)).headers["content-type"] == "text/plain; charset=gbk"
        assert (await home.ask("PUT", path, b"x", if_match='W/"1"', **text)).status_code == 412

    in_house(database_url, visit)


def test_a_media_type_of_fhir_is_the_resource_and_none_at_all_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        for media in ("application/fhir+json", "application/json"):
            answer = await home.ask("POST", "/Binary", b"{}", content_type=media)
            assert (answer.status_code, code(answer)) == (400, "structure"), media
        for media in ("", "nonsense", "text/html\tx"):
            answer = await home.ask("POST", "/Binary", b"{}", content_type=media)
            assert answer.status_code == 415, media
        assert (await home.ask("POST", "/Patient", OCTETS, content_type="application/pdf")).status_code == 415

    in_house(database_url, visit)

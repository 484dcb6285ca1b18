"""What IHE MHD says of Retrieve Document [ITI-68], and R4 of reading a Binary, each statement a test.

https://profiles.ihe.net/ITI/MHD/ITI-68.html (4.2), https://hl7.org/fhir/R4/binary.html#rest. Quotations stand before
what holds them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Final

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house, patient

CDA: Final = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>'
PDF: Final = b"%PDF-1.4 \x00\xff"


def document(patient_id: str, **elements: object) -> Json:
    contents = [("text/xml", CDA), ("application/pdf", PDF)]
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{patient_id}"},
        "content": [
            {"attachment": {"contentType": media, "data": b64encode(data).decode()}} for media, data in contents
        ],
        **elements,
    }


def test_a_document_is_fetched_as_it_is_or_as_a_resource(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        restricted = [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]
        doc = (await home.create(document(rid, meta={"security": restricted})))["id"]
        # "The Document Consumer may provide a HTTP Accept header". "The only MIME type assured to be returned is the
        # MIME type indicated in the DocumentReference.content.attachment.contentType."
        for accept in ("", "*/*", "text/xml", "application/pdf, text/*;q=0.1", "text/xml, application/json"):
            answer = await home.ask("GET", f"/Binary/{doc}.1", accept=accept)
            assert (answer.status_code, answer.content) == (200, CDA), accept
            assert answer.headers["content-type"] == "text/xml"
        # What a stranger wrote is no page of the hub.
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store, private"
        second = await home.ask("GET", f"/Binary/{doc}.2", accept="application/pdf")
        assert (second.content, second.headers["content-type"]) == (PDF, "application/pdf")
        # R4: FHIR's own media types, or _format, ask for the resource.
        for accept, query in (("application/fhir+json", ""), ("text/xml", "?_format=json"), ("application/json", "")):
            answer = await home.ask("GET", f"/Binary/{doc}.1{query}", accept=accept)
            made = body(answer)
            assert (made["contentType"], b64decode(made["data"])) == ("text/xml", CDA)
            assert made["securityContext"] == {"reference": f"DocumentReference/{doc}"}
            assert made["meta"]["security"] == restricted
            assert [issue for issue in validate(made) if issue.severity in {"fatal", "error"}] == []
        as_xml = await home.ask("GET", f"/Binary/{doc}.2", accept="application/xml")
        assert '<Binary xmlns="http://hl7.org/fhir">' in as_xml.text
        # "Document Responder unable to format document in content types listed the 'Accept' field: 406".
        refused = await home.ask("GET", f"/Binary/{doc}.1", accept="application/pdf")
        assert (refused.status_code, code(refused)) == (406, "not-acceptable")
        tag = second.headers["etag"]
        assert (await home.ask("GET", f"/Binary/{doc}.2", if_none_match=tag)).status_code == 304
        head = await home.ask("HEAD", f"/Binary/{doc}.2", accept="*/*")
        assert (head.content, head.headers["content-length"]) == (b"", str(len(PDF)))

    in_house(database_url, visit)


def test_who_may_not_see_a_document_cannot_fetch_it_and_learns_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        doc = (await home.create(document(rid)))["id"]
        # It "should not return information that the Document Consumer is not authorized to access".
        hidden = await home.ask("GET", f"/Binary/{doc}.1", who="stranger")
        assert hidden.status_code == 404
        # "URI not known: 404": no document, no such part of it, and a hidden one are told alike.
        for name, who in (("none.1", "stranger"), (f"{doc}.3", "clinic"), ("none", "clinic"), ("none.1", "clinic")):
            absent = await home.ask("GET", f"/Binary/{name}", who=who)
            assert (absent.status_code, absent.content) == (404, hidden.content), name
        # A token needs the right to read documents.
        assert (await home.ask("GET", f"/Binary/{doc}.1", who="narrow")).status_code == 403
        # "Document is Deprecated or not available: 410 Gone".
        assert (await home.ask("DELETE", f"/DocumentReference/{doc}")).status_code == 204
        assert (await home.ask("GET", f"/Binary/{doc}.1")).status_code == 410
        assert (await home.ask("GET", f"/Binary/{doc}.1", who="stranger")).status_code == 404

    in_house(database_url, visit)


def test_a_binary_that_was_written_as_one_is_answered_under_its_own_id(database_url: str) -> None:
    async def visit(home: House) -> None:
        whose = {"reference": f"Patient/{(await home.create(patient()))['id']}"}
        sent: Json = {"resourceType": "Binary", "contentType": "application/pdf", "data": b64encode(PDF).decode()}
        sent["securityContext"] = whose
        made = await home.create(sent)
        answer = await home.ask("GET", f"/Binary/{made['id']}")
        assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
        # One that claims a type no header may have is sent as octets.
        odd = await home.create({**sent, "contentType": "text/html\r\nset-cookie: a=b"})
        answer = await home.ask("GET", f"/Binary/{odd['id']}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "set-cookie" not in answer.headers

    in_house(database_url, visit)

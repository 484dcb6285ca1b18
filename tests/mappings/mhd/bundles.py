"""Submissions made for tests: fictional people, the shapes of MHD's own examples."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any, Final

from hub.kernel.types import Json

MHD: Final = "https://profiles.ihe.net/ITI/MHD/StructureDefinition"
MINIMAL: Final = f"{MHD}/IHE.MHD.Minimal.ProvideBundle"
COMPREHENSIVE: Final = f"{MHD}/IHE.MHD.Comprehensive.ProvideBundle"
LISTS: Final = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"
RECORD: Final = {"system": "urn:oid:2.16.156.10011.1.2", "value": "99012200310300099"}
CITIZEN: Final = {"system": "urn:oid:2.16.156.10011.1.3", "value": "99012219600101001X"}
HEAD, DOCUMENT, BINARY, PATIENT, FOLDER = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in range(5))


def unique(value: str) -> Json:
    return {"use": "usual", "system": "urn:ietf:rfc:3986", "value": value}


def listed(kind: str, number: str, items: list[str], **elements: Any) -> Json:
    return {
        "resourceType": "List",
        "identifier": [unique(number)],
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": LISTS, "code": kind}]},
        "subject": {"reference": PATIENT},
        "date": "2026-05-19T08:30:00+08:00",
        "entry": [{"item": {"reference": item}} for item in items],
        **elements,
    }


def head(number: str = "urn:oid:2.999.1", items: tuple[str, ...] = (DOCUMENT,)) -> Json:
    source = {"url": f"{MHD}/ihe-sourceId", "valueIdentifier": {"value": "urn:oid:2.999.7"}}
    return listed("submissionset", number, list(items), extension=[source])


def reference(data: bytes, media: str = "text/plain", number: str = "urn:oid:2.999.2", **elements: Any) -> Json:
    digest = b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    attachment = {"contentType": media, "url": BINARY, "size": len(data), "hash": digest}
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": unique(number),
        "status": "current",
        "subject": {"reference": PATIENT},
        "content": [{"attachment": attachment}],
        **elements,
    }


def binary(data: bytes, media: str = "text/plain") -> Json:
    return {"resourceType": "Binary", "contentType": media, "data": b64encode(data).decode()}


def person(*numbers: Json) -> Json:
    return {"resourceType": "Patient", "identifier": list(numbers or (RECORD,)), "name": [{"text": "测试甲"}]}


def entry(full_url: str, resource: Json) -> Json:
    return {
        "fullUrl": full_url,
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }


def bundle(*entries: Json, profile: str = MINIMAL) -> Json:
    return {"resourceType": "Bundle", "meta": {"profile": [profile]}, "type": "transaction", "entry": list(entries)}


def submission(data: bytes = b"hello", media: str = "text/plain", **elements: Any) -> Json:
    """One document about one person."""
    return bundle(
        entry(HEAD, head()),
        entry(DOCUMENT, reference(data, media, **elements)),
        entry(BINARY, binary(data, media)),
        entry(PATIENT, person()),
    )

"""How it is known that somebody said so: what a desk must send, and what is told of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from hub.db.database import Tx
from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_document import element_error, instant, objects_in
from hub.records.person import Subject
from hub.store.store import Store

#: HL7's extension for who saw the consent being given.
WITNESS: Final = "http://hl7.org/fhir/StructureDefinition/consent-Witness"


def evidence_of(asked: Json, now: datetime) -> str | None:
    """What the evidence of a desk names as giver ("" for the patient); None if there is no evidence.

    Evidence is a signed form (`sourceAttachment` with its hash, or `sourceReference` to its scan), or a `verification`
    that says with whom and when. Raises HubError INVALID for an extension that names no witness.
    """
    if asked.get("extension") and not _are_witnesses(asked["extension"]):
        raise element_error("Consent.extension", f"only {WITNESS} with a valueReference")
    for verification in objects_in(asked.get("verification")):
        named, when = verification.get("verifiedWith"), verification.get("verificationDate")
        with_whom = named.get("reference") if isinstance(named, dict) else None
        if verification.get("verified") is True and isinstance(with_whom, str) and _is_past(when, now):
            return with_whom
    attachment = asked.get("sourceAttachment")
    signed = isinstance(attachment, dict) and attachment.get("hash") and attachment.get("contentType")
    return "" if signed or scan_of(asked) is not None else None


def scan_of(asked: Json) -> str | None:
    """Id of the DocumentReference that is named as the scan of the signed form."""
    named = asked.get("sourceReference")
    text = named.get("reference") if isinstance(named, dict) else None
    target = parse_reference(text) if isinstance(text, str) else None
    return target.id if target is not None and target.type == "DocumentReference" else None


async def refuse_unknown_scan(store: Store, tx: Tx, subject: Subject, scan: str, own: Callable[[str], bool]) -> None:
    """The scan of a form is a document about this patient, of a facility that is the desk's `own`.

    Raises HubError INVALID.
    """
    found = (await store.load(tx, [("DocumentReference", scan)])).get(("DocumentReference", scan))
    if found is None or found.deleted or found.patient not in subject.sources or not own(found.facts.author_org):
        raise HubError(
            Category.INVALID,
            "names no document of this patient",
            where="Consent.sourceReference",
            todo="store the scanned form as a DocumentReference first",
            code="unknown-document",
        )


def signature(consent: Json) -> Json:
    """How a version of a stored consent was given: `{version, status, at, by, how, ...}`.

    `how` is `sign-in`, `paper` or `verified`; a desk's has `recordedBy`, and what there is of `document`, `hash`,
    `verifiedOn` and `witnesses`.
    """
    desk = next(objects_in(consent.get("organization")), {}).get("reference")
    told = {
        "version": int(consent["meta"]["versionId"]),
        "status": consent["status"],
        "at": consent["dateTime"],
        "by": consent["performer"][0]["reference"],
        "how": _manner(consent, desk),
        "recordedBy": desk,
        "document": consent.get("sourceReference", {}).get("reference"),
        "hash": consent.get("sourceAttachment", {}).get("hash"),
        "verifiedOn": next(objects_in(consent.get("verification")), {}).get("verificationDate"),
        "witnesses": [one["valueReference"]["reference"] for one in consent.get("extension", ())] or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _manner(consent: Json, desk: str | None) -> str:
    if desk is None:
        return "sign-in"
    return "paper" if consent.get("sourceAttachment") or consent.get("sourceReference") else "verified"


def _are_witnesses(extensions: Any) -> bool:
    return isinstance(extensions, list) and all(map(_is_witness, extensions))


def _is_witness(extension: Any) -> bool:
    seen = extension.get("valueReference") if isinstance(extension, dict) else None
    return isinstance(seen, dict) and extension.get("url") == WITNESS and isinstance(seen.get("reference"), str)


def _is_past(text: Any, now: datetime) -> bool:
    """A FHIR dateTime not after today in China; its form is checked when the whole is validated."""
    return isinstance(text, str) and len(text) >= 10 and text[:10] <= instant(now)[:10]

"""A stored Consent as a patient reads it: the sentence, since when, until when, and how it was given. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Final

from hub.fhir.temporal import interval
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from hub.portal.elements import objects, reference, text
from hub.portal.moments import minute
from hub.portal.texts import Texts
from hub.records.consent_evidence import signature
from hub.records.consent_templates import Template, template_of

#: The two sentences of a narrative the hub wrote (hub.records.consent_templates).
_SENTENCE: Final = re.compile(r'<p lang="([a-zA-Z-]+)">([^<]*)</p>')
_ORGANIZATION: Final = "Organization/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One version. `state` is `active`, `ended` (withdrawn) or `over` (its time has passed); `how` and `by` words."""

    id: str
    version: int
    sentence: str
    since: str
    state: str
    how: str
    by: str
    witnesses: tuple[str, ...]
    document: str
    template: Template | None


def said(consent: Json, say: Texts, naming: Callable[[str], str | None], now: datetime) -> Said:
    """What a Consent says, in the language of the reader."""
    signed = signature(consent)
    return Said(
        id=consent["id"],
        version=signed["version"],
        sentence=_sentence(consent, say, naming),
        since=minute(interval(signed["at"])[0]),
        state=_state(consent, now),
        how=say.code("signature", signed["how"]),
        by=_giver(signed, say, naming),
        witnesses=tuple(signed.get("witnesses", ())),
        document=signed.get("document", "") or signed.get("hash", ""),
        template=template_of(consent),
    )


def _giver(signed: Json, say: Texts, naming: Callable[[str], str | None]) -> str:
    """Who gave it, and which facility wrote it down."""
    who = say("given_by_patient") if signed["by"].startswith("Patient/") else say("given_by_proxy")
    desk = signed.get("recordedBy", "").removeprefix(_ORGANIZATION)
    return f"{who} ({naming(desk) or desk})" if desk else who


def _sentence(consent: Json, say: Texts, naming: Callable[[str], str | None]) -> str:
    """The hub's own sentence; for what came as FHIR, whether it permits or denies, and to whom."""
    told = dict(_SENTENCE.findall(consent.get("text", {}).get("div", "")))
    if say.tag in told:
        return unescape(told[say.tag])
    provision = consent.get("provision", {})
    whom = dict.fromkeys(naming(one.removeprefix(_ORGANIZATION)) or one for one in _actors(provision))
    names = say("list_comma").join(whom) or say("anybody")
    permits = text(provision, "type") == "permit"
    return say("technical_permit", whom=names) if permits else say("technical_deny", whom=names)


def _actors(provision: Json) -> Iterator[str]:
    for actor in objects(provision, "actor"):
        yield reference(actor.get("reference"))
    for nested in objects(provision, "provision"):
        yield from _actors(nested)


def _state(consent: Json, now: datetime) -> str:
    if consent["status"] != "active":
        return "ended"
    end = consent.get("provision", {}).get("period", {}).get("end")
    try:
        over = interval(end)[1] if isinstance(end, str) else None
    except HubError:
        return "active"
    return "over" if over is not None and over <= now else "active"

"""Schemas of consents, proxies, approvals, requests and notices for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.api.schema_parts import COUNT, FLAG, INSTANT, TEXT, body, items, made
from hub.gate.preview_audiences import Who
from hub.kernel.types import Json
from hub.records.consent_requests import ASKABLE
from hub.records.consent_templates import TEMPLATES
from hub.records.consent_vocabulary import CATEGORIES

PERIOD: Final[Json] = {"type": "object", "properties": {"start": TEXT, "end": TEXT}, "additionalProperties": False}
_CODE: Final[Json] = {
    "type": "object",
    "required": ["system", "code"],
    "properties": {"system": TEXT, "code": TEXT, "display": TEXT},
}


def _some(of: Json) -> Json:
    return {"type": "array", "items": of, "minItems": 1, "maxItems": 50}


_VALUES: Final[Json] = {
    "codes": _some(_CODE),
    "types": _some(TEXT),
    "labels": _some(TEXT),
    "categories": _some({"enum": list(CATEGORIES)}),
    "organization": TEXT,
    "practitioner": TEXT,
    "hours": {"type": "integer", "minimum": 1, "maximum": 8784},
    "until": TEXT,
    "only": FLAG,
}
_SCOPE: Final[Json] = {"type": "array", "items": {"enum": ["read", "consent"]}, "minItems": 1}
_KIND: Final[Json] = {"enum": ["parent", "legal-guardian", "delegate"]}
_DESK: Final[Json] = {
    "patient": TEXT,
    "sourceAttachment": {"type": "object"},
    "sourceReference": {"type": "object"},
    "verification": {"type": "array"},
    "extension": {"type": "array"},
}


def fhir(name: str) -> Json:
    """A FHIR resource."""
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"const": name}},
        "externalDocs": {"url": f"https://hl7.org/fhir/R4/{name.lower()}.html"},
    }


def _told(required: Iterable[str], **properties: Json) -> Json:
    """What the hub tells, of which some members may be missing."""
    return {"type": "object", "required": list(required), "properties": properties}


def _template(name: str) -> Json:
    """A template's values, the patient and the evidence of a desk."""
    template = TEMPLATES[name]
    values = {key: _VALUES[key] for key in template.takes}
    said = body(("template", *template.needs), template={"const": name}, **values, **_DESK)
    return {"title": name, "description": f"{template.chinese} {template.english}", **said}


def _asked(name: str) -> Json:
    """A request for what a template shows; the facility is that of who asks."""
    template = TEMPLATES[name]
    values = {key: _VALUES[key] for key in template.takes if key != "organization"}
    needs = tuple(key for key in template.needs if key != "organization")
    asked = body(
        ("template", "patient", "reason", *needs), template={"const": name}, patient=TEXT, reason=TEXT, **values
    )
    return {"title": name, "description": f"{template.chinese} {template.english}", **asked}


_COUNTS: Final[Json] = {"type": "object", "additionalProperties": COUNT}
_AUDIENCE: Final[Json] = _told(
    ("who", "treats", "supposed", "before", "after"),
    who={"enum": [one.value for one in Who]},
    organization=TEXT,
    person=TEXT,
    treats=FLAG,
    supposed=FLAG,
    before=_COUNTS,
    after=_COUNTS,
)
_VERSION: Final[Json] = _told(
    ("version", "status", "at", "by", "how"),
    version=COUNT,
    status=TEXT,
    at=INSTANT,
    by=TEXT,
    how={"enum": ["sign-in", "paper", "verified"]},
    recordedBy=TEXT,
    document=TEXT,
    hash=TEXT,
    verifiedOn=TEXT,
    witnesses=items(TEXT),
)
_REQUEST: Final[Json] = _told(
    ("id", "status", "patient", "by", "organization", "asks", "reason", "recorded", "expires"),
    id=TEXT,
    status={"enum": ["open", "agreed", "refused", "expired"]},
    patient=TEXT,
    by=TEXT,
    organization=TEXT,
    asks={"type": "object"},
    reason=TEXT,
    recorded=INSTANT,
    expires=INSTANT,
    answered=INSTANT,
)
_NOTICE: Final[Json] = _told(
    ("id", "kind", "at"), id=TEXT, kind=TEXT, at=INSTANT, seen=FLAG, by=TEXT, organization=TEXT
)
_PROXY: Final[Json] = dict.fromkeys(("id", "patient", "reference", "status", "evidence", "recorded"), TEXT) | {
    "kind": _KIND,
    "scope": _SCOPE,
    "period": PERIOD,
}
_SECOND: Final[Json] = _told(
    ("kind", "for", "patient"), kind={"const": "second"}, **{"for": TEXT}, patient=TEXT, purpose=items(TEXT)
)
_ETHICS: Final[Json] = _told(
    ("kind", "organization", "project", "document", "period"),
    kind={"const": "ethics"},
    organization=TEXT,
    project=TEXT,
    document=TEXT,
    period=PERIOD,
    resourceTypes=items(TEXT),
)

_FINDING: Final[Json] = {"enum": ["justified", "unjustified"]}
_STATUS: Final[Json] = {"enum": ["open", "agreed", "refused", "expired", "answered"]}

CONSENT: Final[Json] = {
    "Consent": fhir("Consent"),
    "Bundle": fhir("Bundle"),
    "ConsentOrTemplate": {"oneOf": [{"$ref": "#/components/schemas/Consent"}, *map(_template, TEMPLATES)]},
    "Withdrawal": body((), refuse=FLAG),
    "Templates": made(templates=items({"type": "object"}), categories=items(made(category=TEXT, zh=TEXT, en=TEXT))),
    "Wish": body((), consent={"$ref": "#/components/schemas/ConsentOrTemplate"}, replaces=TEXT),
    "Preview": made(whole=FLAG, audiences=items(_AUDIENCE)),
    "Evidence": made(versions=items(_VERSION)),
    "NewConsentRequest": {"oneOf": [_asked(name) for name in ASKABLE]},
    "ConsentRequest": _REQUEST,
    "ConsentRequests": made(requests=items({"$ref": "#/components/schemas/ConsentRequest"})),
    "Answer": body(("agree",), agree=FLAG),
    "Notices": made(notices=items(_NOTICE)),
    "NewObjection": body(("event", "reason"), event=TEXT, reason=TEXT),
    "Objection": _told(
        ("id", "event", "reason", "status", "recorded"),
        id=TEXT,
        event=TEXT,
        reason=TEXT,
        status=_STATUS,
        recorded=INSTANT,
        answered=INSTANT,
        finding=_FINDING,
        text=TEXT,
    ),
    "Objections": made(objections=items({"$ref": "#/components/schemas/Objection"})),
    "Finding": body(("finding", "text"), finding=_FINDING, text=TEXT),
    "Opening": _told(
        ("id", "status", "role", "organization", "reason", "first", "last", "looks", "patients"),
        id=TEXT,
        status=_STATUS,
        by=TEXT,
        role=TEXT,
        organization=TEXT,
        reason=TEXT,
        first=INSTANT,
        last=INSTANT,
        looks=COUNT,
        patients=items(TEXT),
        finding=_FINDING,
        text=TEXT,
    ),
    "Openings": made(openings=items({"$ref": "#/components/schemas/Opening"})),
    "NewSecondRequest": body(("patient", "reason"), patient=TEXT, reason=TEXT),
    "SecondRequest": _told(
        ("id", "status", "patient", "by", "organization", "reason", "purpose", "recorded"),
        id=TEXT,
        status=_STATUS,
        patient=TEXT,
        by=TEXT,
        organization=TEXT,
        reason=TEXT,
        purpose=items(TEXT),
        recorded=INSTANT,
        expires=INSTANT,
        answered=INSTANT,
        second=TEXT,
        approval=TEXT,
        own=FLAG,
    ),
    "SecondRequests": made(requests=items({"$ref": "#/components/schemas/SecondRequest"})),
    "NewProxy": _told(
        ("kind", "name"), kind=_KIND, name=TEXT, scope=_SCOPE, period=PERIOD, patient=TEXT, evidence=TEXT
    ),
    "Proxy": _told(sorted(_PROXY), **_PROXY, until=TEXT),
    "Proxies": made(proxies=items({"$ref": "#/components/schemas/Proxy"})),
    "NewContract": body(("patient", "practitioner", "period"), patient=TEXT, practitioner=TEXT, period=PERIOD),
    "Contract": made(id=TEXT, status=TEXT, patient=TEXT, practitioner=TEXT, organization=TEXT, period=PERIOD),
    "Relationships": made(
        relationships=items(
            _told(
                ("kind", "party", "holds", "source"),
                kind={"enum": ["care", "family-doctor"]},
                party=TEXT,
                **{"from": INSTANT},
                to=INSTANT,
                holds=FLAG,
                source=TEXT,
            )
        )
    ),
    "NewApproval": {"oneOf": [_SECOND, _ETHICS]},
    "Approvals": made(approvals=items({"$ref": "#/components/schemas/Approval"})),
    "Approval": _told(("id", "kind", "status"), id=TEXT, kind=TEXT, status=TEXT, period=PERIOD),
}

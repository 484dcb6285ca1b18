"""The request of a case, read once: who asks, why, in what form, and what was declared or approved (section 1)."""

from __future__ import annotations

from msgspec import Struct

from consent.organisations import Organisations
from consent.references import References
from consent.shapes import Object, items, present, record, text
from consent.tables import IDENTIFIED
from consent.times import Period, moment, read_period


class Requester(Struct, frozen=True, kw_only=True):
    """Who asks. `identities` is everything an actor of a provision may name to mean this requester (section 5)."""

    role: str | None
    reference: str | None
    practitioner_role: str | None
    organisation: str | None
    identities: frozenset[str]


class BreakGlass(Struct, frozen=True, kw_only=True):
    """A declaration of emergency. `at` is None if missing or malformed."""

    declared: bool
    justified: bool
    at: int | None


class Approval(Struct, frozen=True, kw_only=True):
    """An ethics approval; no types means all."""

    approved: bool
    organisation: str | None
    period: Period | None
    types: frozenset[str]


class Request(Struct, frozen=True, kw_only=True):
    """One request at one instant. `time` is None if missing or malformed; a purpose that is no text is empty text.

    `purposes_named` is how many were named, one that is named twice counted twice.
    """

    time: int | None
    requester: Requester
    purposes: frozenset[str]
    purposes_named: int
    form: str | None
    action: str | None
    break_glass: BreakGlass
    ethics: Approval
    co_approver: str | None
    co_organisation: str | None


def read_request(request: object, references: References, organisations: Organisations) -> Request:
    """Reads the case's `request`; never raises."""
    fields = record(request)
    form, action, stated = fields.get("form"), fields.get("action"), fields.get("purpose")
    purposes = [text(purpose) or "" for purpose in stated] if isinstance(stated, list) else []
    second = record(fields.get("coApproval"))
    return Request(
        time=moment(fields.get("time")),
        requester=_requester(record(fields.get("requester")), references, organisations),
        purposes=frozenset(purposes),
        purposes_named=len(purposes),
        form=text(form) if present(form) else IDENTIFIED,
        action=text(action) if present(action) else "access",
        break_glass=_break_glass(record(fields.get("breakGlass"))),
        ethics=_approval(record(fields.get("ethicsApproval")), references),
        co_approver=references.clean(second.get("reference")),
        co_organisation=references.clean(second.get("organization")),
    )


def _requester(fields: Object, references: References, organisations: Organisations) -> Requester:
    reference = references.clean(fields.get("reference"))
    practitioner_role = references.clean(fields.get("practitionerRole"))
    organisation = references.clean(fields.get("organization"))
    own = {one for one in (reference, practitioner_role) if one is not None}
    return Requester(
        role=text(fields.get("role")),
        reference=reference,
        practitioner_role=practitioner_role,
        organisation=organisation,
        identities=references.all(fields.get("memberOf")) | own | set(organisations.chain(organisation)),
    )


def _break_glass(fields: Object) -> BreakGlass:
    return BreakGlass(
        declared=fields.get("declared") is True,
        justified=bool((text(fields.get("justification")) or "").strip()),
        at=moment(fields.get("declaredAt")),
    )


def _approval(fields: Object, references: References) -> Approval:
    return Approval(
        approved=fields.get("status") == "approved",
        organisation=references.clean(fields.get("organization")),
        period=read_period(fields.get("period")),
        types=frozenset(text(one) or "" for one in items(fields.get("resourceTypes"))),
    )

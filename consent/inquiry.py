"""One request about one patient, prepared: everything that does not depend on the resource is settled here once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from consent.compiler import CompiledConsent, compile_consents
from consent.configuration import DEFAULT, Configuration
from consent.live import LiveConsent, live
from consent.organisations import Organisations
from consent.person import Person, Relation, read_person
from consent.references import References
from consent.request import Request, read_request
from consent.shapes import record
from consent.tables import CLINICAL_ROLES, CLINICIAN, FAMILY_DOCTOR, REGIONAL_CENTRE, RESEARCHER, ROLES
from consent.times import holds
from consent.which_count import which_count

_OPT_OUT: Final = "opt-out"


class Inquiry(Struct, frozen=True, kw_only=True):
    """A prepared request. `consents` are those that count, reduced to it; None if they cannot be processed.

    `related`: the relationship of section 6. `opt_out`: the default for the role. `approved`: the researcher's ethics
    approval holds, whatever the type. Where the request cannot get as far as the consents, none are looked at.
    """

    request: Request
    person: Person
    organisations: Organisations
    references: References
    configuration: Configuration
    consents: tuple[LiveConsent, ...] | None
    related: bool
    opt_out: bool
    approved: bool

    @property
    def role(self) -> str | None:
        return self.request.requester.role

    @property
    def time(self) -> int:
        """The request time; a request without one is refused before anybody asks."""
        return self.request.time or 0

    @property
    def statutory(self) -> bool:
        """Section 3, step 11: a regional centre names the statutory purpose, and nothing beside it."""
        purposes = self.configuration.statutory_purposes
        exactly = self.request.purposes == purposes and self.request.purposes_named == len(purposes)
        return self.role == REGIONAL_CENTRE and exactly

    @property
    def consents_used(self) -> tuple[CompiledConsent, ...]:
        """The consents that count, for the audit."""
        return tuple(one.consent for one in self.consents or ())


def read_inquiry(case: Mapping[str, Any], configuration: Configuration = DEFAULT) -> Inquiry:
    """Prepare a raw case; its `resource` is not looked at."""
    return prepare(
        policy=case.get("policy"),
        directory=case.get("directory"),
        patient=case.get("patient"),
        consents=compile_consents(case.get("consents"), configuration),
        request=case.get("request"),
        configuration=configuration,
    )


def prepare(
    *,
    policy: object,
    directory: object,
    patient: object,
    consents: Iterable[CompiledConsent],
    request: object,
    configuration: Configuration = DEFAULT,
) -> Inquiry:
    """Prepare a request against consents that were compiled with the same configuration. Never raises.

    `directory`, `patient` and `request` are JSON as in section 1, or `Organisations`, a `Person` and a `Request` that
    were read already.
    """
    references = References(configuration.base_urls)
    organisations = directory if isinstance(directory, Organisations) else Organisations(directory, references)
    person = patient if isinstance(patient, Person) else read_person(patient, references)
    asked = request if isinstance(request, Request) else read_request(request, references, organisations)
    return Inquiry(
        request=asked,
        person=person,
        organisations=organisations,
        references=references,
        configuration=configuration,
        consents=_consents(consents, person, asked, configuration),
        related=_related(asked, person, organisations),
        opt_out=_opt_out(policy, asked),
        approved=asked.requester.role == RESEARCHER and _approved(asked, organisations),
    )


def _consents(
    consents: Iterable[CompiledConsent], person: Person, request: Request, configuration: Configuration
) -> tuple[LiveConsent, ...] | None:
    role, at = ROLES.get(request.requester.role or ""), request.time
    if role is None or at is None or not request.purposes <= role.purposes:
        return ()
    counting = which_count(consents, person, at, request.purposes, configuration)
    return None if counting is None else tuple(live(consent, request, at) for consent in counting)


def _related(request: Request, person: Person, organisations: Organisations) -> bool:
    """Section 6: a family doctor manages the patient, a clinician's legal entity cares for her; others always."""
    requester = request.requester
    if requester.role == FAMILY_DOCTOR:
        own = [one for one in person.managed_by if one.reference and one.reference == requester.reference]
        return _one_holds(own, request.time)
    if requester.role == CLINICIAN:
        entity = requester.organisation
        own = [one for one in person.care if organisations.same_entity(one.reference, entity)]
        return _one_holds(own, request.time)
    return True


def _one_holds(relations: Iterable[Relation], at: int | None) -> bool:
    return at is not None and any(holds(relation.period, at) for relation in relations)


def _opt_out(policy: object, request: Request) -> bool:
    """Any policy value but `opt-out` means opt-in (section 9a)."""
    return record(policy).get("clinical" if request.requester.role in CLINICAL_ROLES else "secondary") == _OPT_OUT


def _approved(request: Request, organisations: Organisations) -> bool:
    """Section 3 step 10, but for the type."""
    ethics = request.ethics
    return (
        ethics.approved
        and ethics.organisation in organisations.chain(request.requester.organisation)
        and request.time is not None
        and holds(ethics.period, request.time)
    )

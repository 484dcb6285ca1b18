"""The Consent that is stored, out of what somebody asks for: what the hub takes, and what it sets itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.fhir.temporal import CHINA
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Elements somebody may say; all but these and those the hub sets are refused, so that nothing is lost in silence.
TAKEN: Final = frozenset({"scope", "category", "policy", "policyRule", "provision", "language"})
#: Elements that prove what was said at a desk.
EVIDENCE: Final = frozenset({"sourceAttachment", "sourceReference", "verification", "extension"})
#: Elements the hub sets, whatever is said: who, for whom, when, and its own words.
SET: Final = frozenset(
    {"resourceType", "id", "meta", "status", "text", "dateTime", "performer", "organization", "patient"}
)

#: Provisions of one consent: each is looked at for every resource that leaves.
MOST_PROVISIONS: Final = 100

_SCOPE_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
_SCOPES: Final = frozenset({"patient-privacy", "research"})
_PRIVACY: Final = {"coding": [{"system": _SCOPE_SYSTEM, "code": "patient-privacy"}]}
#: LOINC 59284-0: Patient Consent.
CATEGORY: Final[list[Json]] = [
    {"coding": [{"system": "http://loinc.org", "code": "59284-0", "display": "Patient Consent"}]}
]
#: System of the coding in Consent.category that names the template a consent was made by.
TEMPLATE_SYSTEM: Final = "urn:hub:consent-template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Who gives a consent. `performer` is a reference; `desk` the facility that recorded it on paper, "" for none."""

    performer: str
    desk: str = ""


def document(asked: Json, giver: Giver, patient: str, at: datetime, canonical_base: str, *, narrative: bool) -> Json:
    """The Consent for source patient `patient`, active from `at` on; `asked` is FHIR and is not altered.

    `narrative`: its text is the hub's own and stays. Nothing inside an element is looked at: validate what comes out,
    then `check` it. Raises HubError INVALID for an element the hub does not take.
    """
    _refuse_untaken(asked, bool(giver.desk))
    if asked.get("status", "active") != "active":
        raise element_error("Consent.status", "a consent is given active; withdraw it at its own address")
    found: Json = {"resourceType": "Consent"}
    if narrative:
        found["text"] = asked["text"]
    found |= {
        "status": "active",
        "scope": asked.get("scope") or _PRIVACY,
        "category": asked.get("category") or CATEGORY if narrative else _category(asked),
    }
    found |= {"patient": {"reference": f"Patient/{patient}"}, "dateTime": instant(at)}
    found["performer"] = [{"reference": giver.performer}]
    if giver.desk:
        found["organization"] = [{"reference": f"Organization/{giver.desk}"}]
    found |= {name: asked[name] for name in ("language", *sorted(EVIDENCE)) if asked.get(name)}
    found |= _rule(asked, canonical_base)
    provision = asked.get("provision")
    return {**found, "provision": provision} if provision else found


def check(consent: Json) -> None:
    """Raises HubError INVALID for a scope without effect, TOO_LARGE for too many provisions; `consent` is valid R4."""
    codes = {one.get("code") for one in consent["scope"].get("coding", ()) if one.get("system") == _SCOPE_SYSTEM}
    if not codes & _SCOPES:
        raise element_error("Consent.scope", "patient-privacy or research; others would have no effect")
    waiting, seen = [consent.get("provision", {})], 0
    while waiting:
        seen += 1
        waiting += waiting.pop().get("provision", ())
    if seen > MOST_PROVISIONS:
        raise HubError(
            Category.TOO_LARGE, f"more than {MOST_PROVISIONS} provisions", where="Consent.provision", todo="say less"
        )


def withdrawn(standing: Json, giver: Giver, at: datetime) -> Json:
    """The next version of a Consent that no longer holds: inactive, by whom and when."""
    # What a desk held in hand was about giving it, and says nothing of who takes it back.
    kept = {name: value for name, value in standing.items() if name not in EVIDENCE | {"organization"}}
    return {**kept, "status": "inactive", "dateTime": instant(at), "performer": [{"reference": giver.performer}]}


def instant(moment: datetime) -> str:
    """An instant as the hub writes it: to the millisecond before, so that it is never later than the clock."""
    return moment.astimezone(CHINA).isoformat(timespec="milliseconds")


def _category(asked: Json) -> Any:
    """The categories of a consent that came as FHIR: no template speaks for what it says, though it may once have."""
    given = asked.get("category")
    if not isinstance(given, list):
        return given or CATEGORY
    return [one for one in given if not _names_template(one)] or CATEGORY


def _names_template(concept: Any) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return any(one.get("system") == TEMPLATE_SYSTEM for one in objects_in(codings))


def _refuse_untaken(asked: Json, desk: bool) -> None:
    taken = TAKEN | SET | (EVIDENCE if desk else frozenset())
    stranger = next((name for name in sorted(asked) if name not in taken), None)
    if stranger in ("modifierExtension", "implicitRules"):
        raise unprocessable()
    if stranger is not None:
        # Never the name as it came: a body may hold anything.
        known = stranger if stranger.isascii() and stranger.isidentifier() and len(stranger) < 30 else "element"
        raise element_error(f"Consent.{known}", f"leave it out; a consent here has {', '.join(sorted(taken - SET))}")


def unprocessable() -> HubError:
    """The refusal of what the consent rules could not process (section 4h): it would deny everything."""
    return HubError(
        Category.INVALID,
        "cannot be processed",
        where="Consent.provision",
        todo="no modifierExtension or implicitRules; a type in every nested provision; only the elements type, period, "
        "actor, action, securityLabel, purpose, class, code, dataPeriod, data, provision; periods with a zone that do "
        "not end before they start",
        code="consent-unprocessable",
    )


def _rule(asked: Json, canonical_base: str) -> Json:
    """R4 wants a policy or a policyRule (invariant ppc-1)."""
    stated = {name: asked[name] for name in ("policy", "policyRule") if asked.get(name)}
    return stated or {"policy": [{"uri": f"{canonical_base}/policy/consent-rules"}]}


def objects_in(value: Any) -> Iterator[Json]:
    """The objects of a list; nothing of anything else."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def element_error(where: str, todo: str) -> HubError:
    return HubError(Category.INVALID, "is not taken here", where=where, todo=todo, code="consent-element")

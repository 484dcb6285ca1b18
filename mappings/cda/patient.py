"""recordTarget to Patient, with the contacts that stand elsewhere in the header."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import concept, identifier
from mappings.cda.context import Context, reference
from mappings.cda.demographics import addresses, human_names, telecoms
from mappings.cda.node import Node
from mappings.cda.parties import organization
from mappings.cda.tables import table, translated
from mappings.cda.times import date
from mappings.cda.values import quantity
from mappings.registration import Registration, formerly, is_nobodys, registration

V3_MARITAL: Final = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
#: Kinds of number, best first, by which a facility knows its patients (table identifiers, column `of`).
_KEYS: Final = ("2.16.156.10011.2.5.1.4", "2.16.156.10011.1.3", "2.16.156.10011.1.2", "2.16.156.10011.1.19")
#: Roles of participants who are to be called, and what the person in a role is called.
_CALLED: Final = frozenset({"ECON", "NOK", "PRS", "CAREGIVER", "GUARD"})
_PERSONS: Final = ("guardianPerson", "associatedPerson", "assignedPerson")
_GENDER: Final = "Patient.gender"
#: Coded elements about the person that R4 has no element for, and the extension that carries them.
_KEPT: Final = (
    ("ethnicGroupCode", "ethnic-group"),
    ("occupation/occupationCode", "occupation"),
    ("educationLevel/educationLevelCode", "education-level"),
    ("raceCode", "race"),
    ("nationality", "nationality"),
    ("nationalityCode", "nationality"),
)


def patient(target: Node, context: Context) -> tuple[Json, list[Json]]:
    """The Patient, and the numbers in its place that number the document or the visit instead."""
    role, person = role_and_person(target)
    own: list[Json] = []
    others: list[Json] = []
    nodes = [*role.all("id"), *(person.all("id") if person is not role else [])]
    for node in nodes:
        made = identifier(node, "Patient.identifier")
        row = table("identifiers").get(node.get("root"))
        if made is None or made in own or made in others:
            continue
        (others if row is not None and row["of"] not in {"patient", "visit"} else own).append(made)
    known, before = _identity(own, person, context)
    earlier = formerly(known, before, context.id_of)
    resource = context.resource("Patient", *known, about_patient=False, formerly=earlier)
    context.patient = reference(resource)
    _demographics(resource, own, role, person, context)
    return resource, others


def role_and_person(target: Node) -> tuple[Node, Node]:
    """The patientRole of a recordTarget and the person in it, each the element around it where it is left out."""
    role = target.first("patientRole") or target
    inner = role.first("patient")
    if inner is not None and (person := inner.first("patientPatient")):
        return inner, person
    return role, inner or role.first("patientPatient") or role


def known_by(numbers: list[Json]) -> Registration | None:
    """What a patient with these identifiers is known by: the best of them; None where none has a value."""
    best = best_number(numbers)
    if best is None:
        return None
    system, value = best
    return registration(system, value) if system else Registration("", value)


def was_known_by(numbers: list[Json]) -> tuple[str, str] | None:
    """Authority and key from before numbers were one space in all formats."""
    best = best_number(numbers)
    if best is None:
        return None
    system, value = best
    return system, value.upper() if system.removeprefix("urn:oid:") in _KEYS else value


def best_number(numbers: list[Json]) -> tuple[str, str] | None:
    """System ("" if it states none) and value of the number a patient is known by; what is nobody's is none."""
    by_system = {
        number.get("system", ""): number["value"]
        for number in reversed(numbers)
        if not is_nobodys(number.get("value", ""))
    }
    for root in _KEYS:
        if value := by_system.get(f"urn:oid:{root}"):
            return f"urn:oid:{root}", value
    return next(reversed(by_system.items()), None)


def _identity(numbers: list[Json], person: Node, context: Context) -> tuple[Registration, tuple[str, str]]:
    """What the patient is known by at this facility, and was before: the best number, else only this document."""
    known, before = known_by(numbers), was_known_by(numbers)
    if known is not None and before is not None:
        return known, before
    context.issue("patient-identity", "no number of the patient: known by this document only", person)
    known = Registration(f"document|{context.document[0]}", f"{context.document[1]}|patient")
    return known, known


def _demographics(resource: Json, numbers: list[Json], role: Node, person: Node, context: Context) -> None:
    found: Json = {
        "identifier": numbers,
        "name": human_names(person.all("name"), "Patient.name"),
        "telecom": telecoms([*role.all("telecom"), *_other(person, role, "telecom")], "Patient.telecom"),
        "address": addresses([*role.all("addr"), *_other(person, role, "addr")], "Patient.address"),
        "birthDate": date(person.first("birthTime"), context, "Patient.birthDate"),
        "maritalStatus": _marital(person.first("maritalStatusCode"), context),
        "extension": _extensions(person, context),
        "communication": _languages(person),
        "contact": _contacts(person, context),
    }
    resource |= {name: value for name, value in found.items() if value}
    _sex(resource, person.first("administrativeGenderCode") or person.first("genderCode"), context)
    for provider in role.all("providerOrganization"):
        if (made := organization(provider, context)) and made["resourceType"] == "Organization":
            resource["managingOrganization"] = reference(made)


def _other(person: Node, role: Node, name: str) -> list[Node]:
    return person.all(name) if person is not role else []


def _sex(resource: Json, node: Node | None, context: Context) -> None:
    """Patient.gender, and the code as it was sent beside it."""
    if node is None:
        return
    sent = concept(node, context, _GENDER)
    if sent is None:
        return
    spoken = (node.get("code"), node.get("displayName"), sent.get("text", ""))
    gender = next((found for each in spoken if (found := translated("genders", each))), "")
    if gender:
        resource["gender"] = gender
    else:
        context.issue("unknown-code", "a sex that is in no table; it is kept beside the absent element", node)
    url = context.extension("cda-coded-source")
    resource["_gender"] = {"extension": [{"url": url, "valueCodeableConcept": sent}]}


def _marital(node: Node | None, context: Context) -> Json | None:
    made = concept(node, context, "Patient.maritalStatus")
    row = table("marital-status").get(node.get("code")) if node is not None else None
    if made and row is not None:
        made["coding"].insert(0, {"system": V3_MARITAL, "code": row["v3"], "display": row["display"]})
    return made


def _extensions(person: Node, context: Context) -> list[Json]:
    made = []
    for path, name in _KEPT:
        for node in person.all(*path.split("/")):
            kept = concept(node, context, f"Patient.extension[{name}]")
            made += [{"url": context.extension(name), "valueCodeableConcept": kept}] if kept else []
    if religion := concept(person.first("religiousAffiliationCode"), context, "Patient.extension[patient-religion]"):
        url = "http://hl7.org/fhir/StructureDefinition/patient-religion"
        made.append({"url": url, "valueCodeableConcept": religion})
    for place in person.all("birthplace", "place"):
        for born in addresses(place.all("addr"), "Patient.extension[patient-birthPlace]"):
            url = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
            made.append({"url": url, "valueAddress": born})
    for age in person.all("age"):
        stated = quantity(age, "Patient.extension[stated-age]")
        made += [{"url": context.extension("stated-age"), "valueQuantity": stated}] if stated else []
    for employer in person.all("employerOrganization"):
        if words := employer.words():
            employer.take_all("Patient.extension[employer]")
            made.append({"url": context.extension("employer"), "valueString": words})
    return made


def _languages(person: Node) -> list[Json]:
    made = []
    for node in person.all("languageCommunication"):
        code = node.first("languageCode")
        if code is not None and code.get("code"):
            code.take("Patient.communication.language")
            language: Json = {"coding": [{"system": "urn:ietf:bcp:47", "code": code.get("code")}]}
            preferred = node.first("preferenceInd")
            if preferred is not None and preferred.get("value") in {"true", "false"}:
                preferred.take("Patient.communication.preferred")
                made.append({"language": language, "preferred": preferred.get("value") == "true"})
            else:
                made.append({"language": language})
    return made


def _contacts(person: Node, context: Context) -> list[Json]:
    """Guardians, and participants of the header who are to be called."""
    made = []
    others = [each for name in ("associatedEntity", "assignedEntity") for each in context.root.all("participant", name)]
    for node in [*person.all("guardian"), *(each for each in others if each.get("classCode") in _CALLED)]:
        holders = [each for name in _PERSONS for each in node.all(name)]
        names = human_names([name for holder in holders for name in holder.all("name")], "Patient.contact.name")
        contact: Json = {
            "relationship": [code]
            if (code := concept(node.first("code"), context, "Patient.contact.relationship"))
            else [],
            "name": names[0] if names else None,
            "telecom": telecoms(node.all("telecom"), "Patient.contact.telecom"),
            "address": next(iter(addresses(node.all("addr"), "Patient.contact.address")), None),
        }
        contact = {name: value for name, value in contact.items() if value}
        if contact.keys() & {"name", "telecom", "address"}:
            made.append(contact)
    return made

"""The visit of a row: Encounter, who saw the person, and the form as it was filled (QuestionnaireResponse)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.kernel.types import Json
from mappings.forms.answers import Answer
from mappings.forms.building import DATA_ABSENT, Building, coding, concept, stated

_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_NULL: Final = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
_ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
#: Way of the visit (CV06.00.207) to the class of the encounter.
_CLASSES: Final = {
    "1": coding(_ACT, "AMB", "ambulatory"),
    "2": coding(_ACT, "HH", "home health"),
    "3": coding(_ACT, "VR", "virtual"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the resources of a row hang on: its Patient, its Encounter, when (FHIR dateTime), its day, its key."""

    subject: Json
    encounter: Json
    when: str
    day: str
    key: str
    doctor: Json | None


def visit(answers: dict[str, Answer], subject: Json, building: Building) -> Visit | None:
    """The visit of a row; None, and a fatal complaint, without a date of a day."""
    dated = _date(answers, building)
    if dated is None:
        return None
    day, when = dated
    number = answers.get("visit.number")
    key = f"{building.patient}|{building.form.name}|{number.text.strip() if number and not number.absent else day}"
    doctor = _doctor(answers, building)
    encounter = building.draft("Encounter", "form", key, _encounter(answers, subject, when, doctor, building))
    return Visit(subject=subject, encounter=encounter, when=when, day=day, key=key, doctor=doctor)


def _date(answers: dict[str, Answer], building: Building) -> tuple[str, str] | None:
    answer = answers.get("visit.date")
    if answer is None or answer.absent:
        building.tell("no-date", answer.column if answer else "", "fatal")
        return None
    if answer.moment is None or not answer.moment.is_day:
        if answer.moment:
            building.tell("date-partial", answer.column, "fatal")
        return None
    born = answers.get("person.birth")
    if born is not None and born.moment is not None and answer.moment.date < born.moment.date:
        building.tell("before-birth", answer.column, "fatal")
        return None
    for target in ("Encounter.period", "Observation.effectiveDateTime"):
        building.became(answer.column, target)
    return answer.moment.date, answer.moment.date_time(building.habits.profile.zone)


def _doctor(answers: dict[str, Answer], building: Building) -> Json | None:
    """A Practitioner known by the name, since forms have no number of hers."""
    answer = answers.get("visit.doctor")
    if answer is None or answer.absent or not answer.text.strip():
        return None
    name = answer.text.strip()
    building.became(answer.column, "Encounter.participant")
    made = building.draft("Practitioner", "name", name, {"name": [{"text": name}]}, shared=True)
    return made | {"display": name}


def _encounter(answers: dict[str, Answer], subject: Json, when: str, doctor: Json | None, building: Building) -> Json:
    form = building.form
    return stated(
        {
            "status": "finished",
            "class": _class(answers, building),
            "type": [concept(form.title, coding(building.code_system("form"), form.name, form.title))],
            "subject": subject,
            "participant": [{"individual": doctor}] if doctor else [],
            "period": {"start": when, "end": when},
            "reasonCode": [concept(name, coding(_ICD_10, code)) for code, name in form.reasons.items()],
            "serviceProvider": _facility(answers, building),
        }
    )


def _class(answers: dict[str, Answer], building: Building) -> Json:
    answer = answers.get("visit.way")
    if answer is not None and answer.code in _CLASSES:
        building.became(answer.column, "Encounter.class")
        return _CLASSES[answer.code]
    return coding(_NULL, "UNK", "unknown")


def _facility(answers: dict[str, Answer], building: Building) -> Json:
    answer = answers.get("visit.facility")
    if answer is None or answer.absent:
        return {}
    building.became(answer.column, "Encounter.serviceProvider")
    return {"display": answer.text.strip()}


def response(items: list[Json], seen: Visit, building: Building) -> Json:
    """The form as it was filled, every column that held something."""
    form = building.form
    content = stated(
        {
            "questionnaire": f"{building.habits.canonical_base}/Questionnaire/{form.name}",
            "status": "completed",
            "subject": seen.subject,
            "encounter": seen.encounter,
            "authored": seen.when,
            "author": seen.doctor,
            "source": seen.doctor,
            "item": items,
        }
    )
    return building.draft("QuestionnaireResponse", "form", seen.key, content)


def item(answer: Answer, building: Building) -> Json:
    """One answer under its linkId, with the column as it is called here; the text as sent where it was understood."""
    building.became(answer.column, f"QuestionnaireResponse.item[{answer.question.link}]")
    made: Json = {"linkId": answer.question.link + (f"-{answer.place}" if answer.place else ""), "text": answer.column}
    original = {"url": building.habits.extension("form-original-text"), "valueString": answer.text.strip()}
    if answer.absent:
        return {"extension": [{"url": DATA_ABSENT, "valueCode": answer.absent}, original], **made}
    if answer.values == [{"valueString": answer.text.strip()}]:
        return made | {"answer": answer.values}
    return {"extension": [original], **made, "answer": answer.values}


def unknown_item(column: str, text: str, building: Building) -> Json:
    """A column of no question, kept as it stands."""
    building.became(column, "QuestionnaireResponse.item")
    return {"linkId": f"column/{column}", "text": column, "answer": [{"valueString": text.strip()}]}

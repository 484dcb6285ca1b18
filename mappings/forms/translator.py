"""One row to drafts: which question each cell answers, then person, visit, observations, medicines and plan."""

from __future__ import annotations

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import EnvelopeReader, Translator
from hub.kernel.types import Envelope, Json, Translation
from mappings.forms.answers import Answer, answered
from mappings.forms.building import CANONICAL_BASE, Building, Habits, Told
from mappings.forms.formmap import FormMap
from mappings.forms.headers import columns_of
from mappings.forms.json_rows import cells
from mappings.forms.medications import medications
from mappings.forms.observations import observations
from mappings.forms.person import patient
from mappings.forms.plans import plans
from mappings.forms.profile import Profile
from mappings.forms.questions import question_of
from mappings.forms.recognise import recognised
from mappings.forms.rows import FORM, FUTURE, PROBLEM, REASONS, Row, identity_of
from mappings.forms.text import narrow
from mappings.forms.visit import Visit, item, response, unknown_item, visit
from mappings.forms.wording import wording


def translator(profile: Profile, facility: str, ids: IdMaker, *, canonical_base: str = CANONICAL_BASE) -> Translator:
    """The translator of one feed of rows, as `Row.packed` writes them. It raises HubError UNREADABLE or UNSUPPORTED."""
    habits = Habits(facility=facility, ids=ids, canonical_base=canonical_base, profile=profile)

    def translate(raw: bytes) -> Translation:
        form, row = unpacked(raw)
        return translate_row(row, form_of(row, form, profile), habits)

    return translate


def envelope_reader(profile: Profile) -> EnvelopeReader:
    """Reads who a packed row is about and its identity; the profile names its form."""

    def read(raw: bytes) -> Envelope:
        try:
            form, row = unpacked(raw)
            known = form_of(row, form, profile)
        except HubError as error:
            return Envelope(problem=error)
        columns = columns_of(known.name)
        numbers = []
        for column, text in row.cells.items():
            found = columns.find(column)
            if found and found[0].link in {"citizen-id", "record-number", "health-card"} and text.strip():
                numbers.append(narrow(text).upper())
        return Envelope(identity=identity_of(raw), kind=known.name, lanes=tuple(dict.fromkeys(numbers)))

    return read


def unpacked(raw: bytes) -> tuple[str, Row]:
    """The form a packed row names ("" if none), and the row. Raises HubError UNREADABLE or TOO_LARGE."""
    found = cells(loads(raw))
    form, code = found.pop(FORM, "") or found.pop("form", ""), found.pop(PROBLEM, "")
    problem = HubError(Category.UNREADABLE, "no row of its table", code=code) if code else None
    future = frozenset(filter(None, found.pop(FUTURE, "").split("\n")))
    return form, Row(cells=found, problem=problem, future=future)


def form_of(row: Row, stated: str, profile: Profile) -> FormMap:
    """The form of a row. Raises HubError UNSUPPORTED where nothing tells."""
    found = recognised(row.cells, stated=profile.form or stated)
    if found is None:
        raise HubError(Category.UNSUPPORTED, wording()["form-unknown"].english, code="form-unknown")
    return found


def translate_row(row: Row, form: FormMap, habits: Habits) -> Translation:
    """Translate one row; where it cannot be taken, nothing but the reasons, and a refusal."""
    building = Building(row, form, habits)
    told_of(building)
    refusal = _refusal(building)
    return Translation(
        drafts=() if refusal else building.drafts(),
        report=building.report(refusal.what if refusal else ""),
        issues=building.issues(),
        refusal=refusal,
    )


def told_of(building: Building) -> list[Told]:
    """Fill what is to be built of a row, and give all that is wrong with it."""
    problem = building.row.problem
    if problem is not None:
        building.tell(problem.code if problem.code in wording() else "row-unreadable", severity="fatal")
    else:
        _fill(building)
    return building.told


def _fill(building: Building) -> None:
    answers, items = _answers(building)
    by_role: dict[str, Answer] = {}
    for answer in answers:
        if answer.question.fills and (answer.question.fills not in by_role or not answer.absent):
            by_role.setdefault(answer.question.fills, answer)
    subject = patient(by_role, building)
    if subject is None:
        _undated(by_role, building)
        return
    seen = visit(by_role, subject, building)
    if seen is None or building.is_refused:
        return
    _ordered(answers, seen, building)
    observations(answers, seen, building)
    medications(answers, seen, building)
    plans(answers, by_role, seen, building)
    response([*items, *(item(answer, building) for answer in answers)], seen, building)


def _ordered(answers: list[Answer], seen: Visit, building: Building) -> None:
    """Tell of what is said to have been examined after the visit that the form is about."""
    for answer in answers:
        if answer.moment and not answer.question.fills and answer.moment.date > seen.day:
            building.tell("after-visit", answer.column, "error")


def _undated(by_role: dict[str, Answer], building: Building) -> None:
    """Tell of a missing date too, so that the clerk mends the row in one go."""
    if "visit.date" not in by_role:
        building.tell("no-date", severity="fatal")


def _answers(building: Building) -> tuple[list[Answer], list[Json]]:
    """The answers of a row, each question once, and the items of columns that answer none."""
    found: dict[tuple[str, int], Answer] = {}
    others: list[Json] = []
    for column, text in building.row.cells.items():
        if not text.strip() or column == REASONS:
            continue
        match = question_of(column, building.form, building.habits.profile)
        if match is None:
            building.tell("unknown-column", column, "information")
            others.append(unknown_item(column, text, building))
            continue
        question, place = match
        place = place if question.repeats else 0
        if (question.link, place) in found:
            building.tell("twice", column, "error")
            others.append(unknown_item(column, text, building))
            continue
        found[question.link, place] = answered(question, column, text, place, building)
    return list(found.values()), others


def _refusal(building: Building) -> HubError | None:
    """The first reason why the row cannot be taken."""
    fatal = next((told for told in building.told if told.severity == "fatal"), None)
    if fatal is None:
        return None
    return HubError(Category.INVALID, fatal.english(), where=building.where(fatal.column), code=fatal.code)

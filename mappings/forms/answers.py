"""One cell to one answer: typed values for the QuestionnaireResponse, and the value of its Observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from hub.kernel.types import Json
from mappings.forms import choices
from mappings.forms.building import Building, Severity, coding
from mappings.forms.cells import absent
from mappings.forms.dates import Moment, moment
from mappings.forms.formmap import CodeTable, Question, code_table, words, written_units
from mappings.forms.headers import header, legend
from mappings.forms.numbers import Number, number, pair
from mappings.forms.quantities import measured, quantity
from mappings.forms.text import squeezed

SNOMED: Final = "http://snomed.info/sct"
_QUALITATIVE: Final[Mapping[str, tuple[str, str]]] = {
    "negative": ("260385009", "Negative"),
    "positive": ("10828004", "Positive"),
    "weak": ("260408008", "Weakly positive"),
}


@dataclass(slots=True, kw_only=True)
class Answer:
    """What one cell says. `values` are answers of the item, `observed` the `value[x]` of an Observation.

    `absent` is a code of data-absent-reason; `amount` the number in the question's unit; `pair` two of them (blood
    pressure); `moment` a date; `truth` the yes or no of a flag.
    """

    question: Question
    column: str
    text: str
    place: int = 0
    values: list[Json] = field(default_factory=list)
    observed: Json = field(default_factory=dict)
    absent: str = ""
    amount: Decimal | None = None
    pair: tuple[Json, Json] | None = None
    moment: Moment | None = None
    truth: bool | None = None
    code: str = ""


class _Cell(NamedTuple):
    answer: Answer
    building: Building
    note: str

    def complain(self, code: str, severity: Severity, fact: str = "") -> None:
        self.building.tell(code, self.answer.column, severity, fact)

    def keep(self) -> None:
        """The text as it stands: nothing better can be made of it."""
        self.answer.values = [{"valueString": self.answer.text.strip()}]


def answered(question: Question, column: str, text: str, place: int, building: Building) -> Answer:
    """The answer of a cell that is not blank. What is wrong is told to `building`; never raises."""
    answer = Answer(question=question, column=column, text=text, place=place)
    cell = _Cell(answer, building, header(column).note)
    if "\ufffd" in text:
        cell.complain("characters", "error")
        cell.keep()
        return answer
    reason = absent(text) if question.type != "qualitative" else None
    if reason is not None:
        answer.absent = reason
    else:
        _READERS[question.type](cell)
    return answer


def _text(cell: _Cell) -> None:
    cell.keep()


def _date(cell: _Cell) -> None:
    found = moment(cell.answer.text)
    if isinstance(found, str):
        cell.complain(found, "fatal" if cell.answer.question.fills == "visit.date" else "error")
        cell.keep()
        return
    if cell.answer.column in cell.building.row.future:
        cell.complain("date-future", "fatal" if cell.answer.question.fills == "visit.date" else "error")
        cell.keep()
        return
    cell.answer.moment = found
    zone = cell.building.habits.profile.zone
    cell.answer.values = [{"valueDateTime": found.date_time(zone)} if found.time else {"valueDate": found.date}]


def _quantity(cell: _Cell) -> None:
    answer, question = cell.answer, cell.answer.question
    found = number(answer.text)
    if found is None:
        cell.complain("number", "error" if question.observe else "warning")
        cell.keep()
        return
    value = _measured(cell, found)
    if value is None:
        cell.keep()
        return
    answer.amount = value if not found.comparator else None
    answer.observed = {"valueQuantity": quantity(question, value, found.comparator)}
    answer.values = [dict(answer.observed)]


def _measured(cell: _Cell, found: Number) -> Decimal | None:
    """The number in the unit of the question; None if it is not believed."""
    made = measured(cell.answer.question, found, _unit_elsewhere(cell))
    for code, severity, fact in made.complaints:
        cell.complain(code, severity, fact)
    return made.value if made.believed else None


def _unit_elsewhere(cell: _Cell) -> str:
    question = cell.answer.question
    if not question.units:
        return ""
    known = written_units(question.units)
    stated = next((part for part in (cell.note, *cell.note.split()) if squeezed(part) in known), "")
    return stated or cell.building.habits.profile.units.get(question.link, "")


def _pressure(cell: _Cell) -> None:
    answer, question = cell.answer, cell.answer.question
    both = pair(answer.text)
    values = [_measured(cell, each) for each in both] if both else []
    if not values or None in values:
        if both is None:
            cell.complain("number", "error")
        cell.keep()
        return
    first, second = (quantity(question, value) for value in values if value is not None)
    answer.pair = first, second
    answer.values = [{"valueQuantity": first}, {"valueQuantity": second}]


def _choice(cell: _Cell) -> None:
    _coded(cell, [choices.one(cell.answer.text, *_tables(cell))])


def _choices(cell: _Cell) -> None:
    _coded(cell, choices.several(cell.answer.text, *_tables(cell)))


def _tables(cell: _Cell) -> tuple[CodeTable, Mapping[str, str], Mapping[str, str]]:
    question = cell.answer.question
    own = cell.building.habits.profile.codes.get(question.link, {})
    return code_table(question.codes), legend(cell.note), own


def _coded(cell: _Cell, options: list[choices.Chosen]) -> None:
    """All options or none: where one is not known, the cell is kept as it stands."""
    answer = cell.answer
    if not options or not all(option.is_known for option in options):
        cell.complain("code", "warning")
        cell.keep()
        return
    table = code_table(answer.question.codes)
    system = table.system or cell.building.code_system(f"form-{answer.question.codes}")
    codings = [coding(system, option.code.code, option.code.display) for option in options if option.code]
    words_only = [option.text for option in options if option.code is None]
    answer.values = [{"valueCoding": each} for each in codings] + [{"valueString": each} for each in words_only]
    answer.code = codings[0]["code"] if len(codings) == 1 and not words_only else ""
    concept: Json = {"coding": codings} if codings else {}
    text = "、".join([each["display"] for each in codings] + words_only)
    answer.observed = {"valueCodeableConcept": concept | {"text": text}}


def _flag(cell: _Cell) -> None:
    answer = cell.answer
    found = choices.flag(answer.text, legend(cell.note))
    if found is None:
        cell.complain("code-unexplained" if squeezed(answer.text).isdigit() else "code", "warning")
        cell.keep()
        return
    answer.truth = found
    answer.observed = {"valueBoolean": found}
    answer.values = [{"valueBoolean": found}]


def _qualitative(cell: _Cell) -> None:
    answer = cell.answer
    found = _result(squeezed(answer.text))
    if found is None:
        reason = absent(answer.text)
        if reason is not None:
            answer.absent = reason
        else:
            cell.complain("code", "warning")
            cell.keep()
            answer.observed = {"valueString": answer.text.strip()}
        return
    made = coding(SNOMED, *_QUALITATIVE[found])
    answer.observed = {"valueCodeableConcept": {"coding": [made], "text": answer.text.strip()}}
    answer.values = [{"valueCoding": made}]


def _result(text: str) -> str | None:
    """What a qualitative result is; one that is written twice (`阴性(-)`) only if both say the same."""
    known = words("qualitative")
    word, _, sign = text.rstrip(")").partition("(")
    return known.get(text) or (known.get(word) if known.get(word) == known.get(sign) else None)


_READERS: Final[Mapping[str, Callable[[_Cell], None]]] = {
    "text": _text,
    "date": _date,
    "quantity": _quantity,
    "blood-pressure": _pressure,
    "choice": _choice,
    "choices": _choices,
    "flag": _flag,
    "qualitative": _qualitative,
}

"""Form maps: which questions a form has, under which columns, and what an answer becomes; read from `maps/`.

`maps/forms/*.yaml` is one form each: `name`, `title`, `words` (which its titles hold), `evidence` (questions that tell
it from other forms, with weights), `parts` (files of `maps/parts`) and `questions` of its own. A question:

| key | |
|---|---|
| `link` | its linkId |
| `columns` | what its column is called; the first is its text |
| `type` | text, date, quantity, choice, choices, flag, qualitative, blood-pressure |
| `de` | its code in the catalogue of health data elements (WS/T 363) |
| `unit`, `range`, `units` | UCUM unit, plausible values in it, and the family of units others are converted from |
| `codes` | the table of `maps/codes.yaml` |
| `fills` | what of the person, the visit or the plan it says (`person.name`) |
| `observe` | the Observation: `code` (LOINC), `category`, and `panel` if it is a component of one |
| `goal` | the link of the question it is the target of |
| `repeats` | the column may stand several times, numbered |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.yamlfile import read
from mappings.forms.text import squeezed

FOLDER: Final = Path(__file__).parent / "maps"
_TYPES: Final = frozenset({"text", "date", "quantity", "choice", "choices", "flag", "qualitative", "blood-pressure"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """What Observation an answer is. `code` "" where LOINC has none that fits; `panel` names one of `PANELS`."""

    code: str = ""
    display: str = ""
    category: str = "survey"
    panel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a form; see the table above."""

    link: str
    columns: tuple[str, ...]
    type: str = "text"
    de: str = ""
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    units: str = ""
    codes: str = ""
    fills: str = ""
    observe: Observe | None = None
    goal: str = ""
    repeats: bool = False

    @property
    def text(self) -> str:
        return self.columns[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormMap:
    """One form. `kind` is the code of its encounters' type; `reasons` are ICD-10 codes of what it is about, to names.

    `template` is the OID of the shared document that says the same.
    """

    name: str
    title: str
    questions: Mapping[str, Question]
    words: tuple[str, ...] = ()
    evidence: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a table: its name, and the words it goes by."""

    code: str
    display: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A table of codes: its system ("" if the codes are the form's own) and its codes."""

    system: str
    codes: tuple[Code, ...]

    def by_word(self) -> dict[str, Code]:
        """Every name and word, squeezed as cells are, with its code."""
        return {word: code for code in self.codes for word in (squeezed(code.display), *map(squeezed, code.words))}

    def by_code(self) -> dict[str, Code]:
        return {code.code: code for code in self.codes}


@cache
def form_maps() -> Mapping[str, FormMap]:
    """Every form by its name. Raises HubError INVALID where a file does not hold one."""
    found = (_form(path) for path in sorted((FOLDER / "forms").glob("*.yaml")))
    return {form.name: form for form in found}


@cache
def code_table(name: str) -> CodeTable:
    """A table of `maps/codes.yaml`."""
    data = read(FOLDER / "codes.yaml").data[name]
    codes = (Code(str(code), *_words(said)) for code, said in data["codes"].items())
    return CodeTable(data.get("system", ""), tuple(codes))


@cache
def words(name: str) -> Mapping[str, str]:
    """A list of `maps/words.yaml`: every word, squeezed, with what it means."""
    data = read(FOLDER / "words.yaml").data[name]
    return {squeezed(str(word)): meaning for meaning, listed in data.items() for word in listed}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a family: its first written form, how it becomes the canonical unit, and the smallest number that is
    taken for it where no unit is stated (None: none is)."""

    name: str
    factor: Decimal
    offset: Decimal
    inferred_from: Decimal | None

    def canonical(self, value: Decimal) -> Decimal:
        """A value of this unit in the canonical one, to two decimals."""
        if self.factor == 1 and not self.offset:
            return value
        return plain_decimal((value * self.factor + self.offset).quantize(Decimal("0.01")))


@cache
def unit_family(name: str) -> tuple[Unit, ...]:
    """The units of a family of `maps/units.yaml`, the canonical one first."""
    return tuple(_unit(stated) for stated in read(FOLDER / "units.yaml").data[name])


@cache
def written_units(name: str) -> Mapping[str, Unit]:
    """The units of a family by every way they are written, squeezed."""
    data = read(FOLDER / "units.yaml").data[name]
    return {squeezed(word): _unit(stated) for stated in data for word in stated["written"]}


def _unit(stated: Mapping[str, Any]) -> Unit:
    to = stated["to"]
    factor, offset = to if isinstance(to, list) else (to, 0)
    least = Decimal(str(stated["from"])) if "from" in stated else None
    return Unit(stated["written"][0], Decimal(str(factor)), Decimal(str(offset)), least)


def plain_decimal(value: Decimal) -> Decimal:
    """The number without zeros at its end, and without an exponent."""
    return Decimal(format(value.normalize(), "f"))


def _words(said: str | list[str]) -> tuple[str, tuple[str, ...]]:
    return (said, ()) if isinstance(said, str) else (said[0], tuple(said[1:]))


def _form(path: Path) -> FormMap:
    data = read(path).data
    parts = [each for name in data.get("parts", ()) for each in read(FOLDER / "parts" / f"{name}.yaml").data]
    questions = {each.link: each for each in _questions([*parts, *data.get("questions", ())], path)}
    missing = set(data.get("evidence", ())) - set(questions)
    if missing:
        raise HubError(Category.INVALID, f"no such questions: {sorted(missing)}", where=str(path))
    return FormMap(
        name=data["name"],
        title=data["title"],
        questions=questions,
        words=tuple(data.get("words", ())),
        evidence=data.get("evidence", {}),
        reasons=data.get("reasons", {}),
        template=data.get("template", ""),
        plan=data.get("plan", ""),
    )


def _questions(rows: Iterable[Mapping[str, Any]], path: Path) -> Iterable[Question]:
    for row in rows:
        values = {name: value for name, value in row.items() if name not in {"range", "observe", "columns"}}
        low, high = row.get("range", (None, None))
        question = Question(
            **values,
            columns=tuple(row["columns"]),
            low=None if low is None else Decimal(str(low)),
            high=None if high is None else Decimal(str(high)),
            observe=Observe(**row["observe"]) if "observe" in row else None,
        )
        if question.type not in _TYPES:
            raise HubError(Category.INVALID, f"no such type: {question.type}", where=f"{path}: {question.link}")
        yield question

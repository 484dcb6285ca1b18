"""Consents in plain words: each template of `data/consent-templates.yaml` turns a few values into a Consent provision.

The texts say to a patient what the provision does, no more and no less (consent rules, sections 5 and 6): what is
restricted stays so wherever no label is named, and a facility always sees what it recorded itself. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from hub.fhir.temporal import CHINA
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records import template_values as read
from hub.records.consent_document import CATEGORY, EVIDENCE, TEMPLATE_SYSTEM
from hub.records.consent_vocabulary import ANYBODY, JOINT, VOCABULARY, words_of
from hub.records.template_values import Values

_RECIPIENT: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]
}
#: The name of a facility by its code; None for a stranger.
Naming = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template. `needs` and `may` are the names of its values, `fixed` those that are set unless they are said.

    `shape` is the provision with places for values, `only` the one where the value `only` is true.
    """

    name: str
    chinese: str
    english: str
    shape: Json
    only: Json | None = None
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    fixed: Values
    topic: str = ""

    @property
    def takes(self) -> tuple[str, ...]:
        return (*self.needs, *self.may)


def _template(name: str, row: Json, others: Json) -> Template:
    """A template as the data say it; one that is `like` another takes its provision, and its values but the fixed."""
    base, fixed = others.get(row.get("like", ""), row), row.get("with", {})
    needs = row.get("needs", [one for one in base.get("needs", ()) if one not in fixed])
    return Template(
        name=name,
        chinese=row["zh"],
        english=row["en"],
        shape=base["provision"],
        only=base.get("with_only"),
        needs=tuple(needs),
        may=tuple(row.get("may", () if "like" in row else base.get("may", ()))),
        fixed=fixed,
        topic=row.get("topic", ""),
    )


_ROWS: Final = VOCABULARY["templates"]
TEMPLATES: Final[Mapping[str, Template]] = {name: _template(name, row, _ROWS) for name, row in _ROWS.items()}


def fhir_of(asked: Json, now: datetime, naming: Naming) -> Json:
    """What is asked for as FHIR: a template is filled in, its evidence kept; FHIR stays as it is."""
    if "template" not in asked:
        return asked
    evidence = {name: asked[name] for name in EVIDENCE if name in asked}
    return from_template({name: value for name, value in asked.items() if name not in EVIDENCE}, now, naming) | evidence


def from_template(asked: Json, now: datetime, naming: Naming) -> Json:
    """The FHIR Consent (`category`, `provision` and `text` only) for `{template: NAME, values...}`.

    Raises HubError INVALID naming an unknown template, a value it does not take, or one that is missing or wrong.
    """
    template = TEMPLATES.get(asked["template"]) if isinstance(asked["template"], str) else None
    if template is None:
        raise HubError(
            Category.INVALID,
            "no such template",
            where="template",
            todo=f"one of {', '.join(TEMPLATES)}",
            code="unknown-template",
        )
    said = {name: value for name, value in asked.items() if name not in ("template", "patient")}
    strangers = sorted(said.keys() - set(template.takes))
    if strangers:
        takes = ", ".join(template.takes) or "no values"
        raise HubError(
            Category.INVALID, "has values the template does not take", where=template.name, todo=f"it takes {takes}"
        )
    values = {**template.fixed, **said}
    read.require(values, template.needs)
    shape = template.only if template.only is not None and read.flag(values, "only") else template.shape
    made = _provisions(shape, values, now)
    return {
        "resourceType": "Consent",
        "text": _narrative(template, values, now, naming),
        "category": [*CATEGORY, {"coding": [{"system": TEMPLATE_SYSTEM, "code": template.name}]}],
        "provision": made[0] if len(made) == 1 else {"provision": made},
    }


def template_of(consent: Json) -> Template | None:
    """The template a stored Consent was made by; None for one that came as FHIR."""
    for concept in consent.get("category", ()):
        for coding in concept.get("coding", ()):
            if coding.get("system") == TEMPLATE_SYSTEM:
                return TEMPLATES.get(coding.get("code", ""))
    return None


def _provisions(shape: Json, values: Values, now: datetime) -> list[Json]:
    """A provision, once for each kind of criterion that stands for what is named: within one all must hold."""
    stated = {name: _filled(part, values, now) for name, part in shape.items() if name not in ("what", "provision")}
    rest = {name: part for name, part in stated.items() if part is not None}
    nested = [one for part in shape.get("provision", ()) for one in _provisions(part, values, now)]
    if nested:
        rest["provision"] = nested
    return [{**rest, **criterion} for criterion in read.criteria(values, shape["what"])] if "what" in shape else [rest]


def _filled(part: Any, values: Values, now: datetime) -> Any:
    """A part of a provision with its values in place; None where a value that may be left out is not said."""
    if isinstance(part, str) and part.startswith("$"):
        return _PLACES[part](values, now)
    if isinstance(part, dict):
        return {name: _filled(one, values, now) for name, one in part.items()}
    return [_filled(one, values, now) for one in part] if isinstance(part, list) else part


def _recipient(values: Values, _: datetime) -> list[Json] | None:
    return _actor(read.organization(values)) if "organization" in values else None


_PLACES: Final[Mapping[str, Callable[[Values, datetime], Any]]] = {
    "$organization": _recipient,
    "$practitioner": lambda values, _: _actor(read.practitioner(values)),
    "$now": lambda _, now: _instant(now),
    "$ends": lambda values, now: _instant(now + read.hours(values)),
    "$until": lambda values, _: read.day("until")(values),
}


def _narrative(template: Template, values: Values, now: datetime, naming: Naming) -> Json:
    chinese, english = (
        escape(text.format(**_words(values, now, naming, column)))
        for column, text in enumerate((template.chinese, template.english))
    )
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p lang="zh-CN">{chinese}</p><p lang="en">{english}</p></div>'
    return {"status": "generated", "div": div}


def _words(values: Values, now: datetime, naming: Naming, column: int) -> Mapping[str, str]:
    """What the texts are filled with, in Chinese (column 0) or English (1). The values have been checked."""
    whom = values.get("organization")
    hours = read.hours(values) if "hours" in values else None
    return {
        "whom": ANYBODY[column] if whom is None else naming(whom) or whom,
        "what": JOINT[column].join(words_of(values, column)),
        "ends": "" if hours is None else (now + hours).astimezone(CHINA).strftime("%Y-%m-%d %H:%M"),
        "until": str(values.get("until", "")),
    }


def _actor(reference: str) -> list[Json]:
    return [{"role": _RECIPIENT, "reference": {"reference": reference}}]


def _instant(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="milliseconds")

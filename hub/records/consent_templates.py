"""Consents in plain words: each template is a pure function from a few values to a Consent provision.

The texts say to a patient what the provision does, no more and no less (consent rules, sections 5 and 6): what is
restricted stays so wherever no label is named, and a facility always sees what it recorded itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.fhir.temporal import CHINA
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records import template_values as read
from hub.records.consent_document import EVIDENCE
from hub.records.template_values import Values

_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_RECIPIENT: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]
}

Build = Callable[[Values, datetime], Json]


@dataclass(frozen=True, slots=True)
class Template:
    """`needs` and `may` are the names of its values; `build` takes them and the present instant."""

    name: str
    chinese: str
    english: str
    build: Build
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


def share_all(_: Values, __: datetime) -> Json:
    return {"type": "permit"}


def deny_all(_: Values, __: datetime) -> Json:
    return {"type": "deny"}


def only_my_family_doctor(values: Values, _: datetime) -> Json:
    return {"type": "deny", "provision": [{"type": "permit", "actor": _actor(read.practitioner(values))}]}


def hide_codes(values: Values, _: datetime) -> Json:
    return {"type": "deny", **_for_whom(values), "code": read.codes(values)}


def hide_types(values: Values, _: datetime) -> Json:
    return {"type": "deny", **_for_whom(values), "class": read.types(values)}


def hide_label(values: Values, _: datetime) -> Json:
    return {"type": "deny", **_for_whom(values), "securityLabel": read.labels(values)}


def show_label(values: Values, _: datetime) -> Json:
    return {"type": "permit", **_for_whom({"organization": "", **values}), "securityLabel": read.labels(values)}


def organisation_sees_codes_for_hours(values: Values, now: datetime) -> Json:
    """With `only`, whatever else that organisation might see is refused, also when the hours are over."""
    actor = _for_whom({"organization": "", **values})
    span = {"start": _instant(now), "end": _instant(now + read.hours(values))}
    what = {"class": read.types(values)} if "types" in values else {"code": read.codes(values)}
    permit = {"type": "permit", "period": span, **actor, **what}
    return {"type": "deny", **actor, "provision": [permit]} if read.flag(values, "only") else permit


def share_until(values: Values, now: datetime) -> Json:
    span = {"start": _instant(now), "end": read.day("until")(values)}
    return {"type": "deny", "provision": [{"type": "permit", "period": span}]}


def emergency_no(_: Values, __: datetime) -> Json:
    return {"type": "deny", "purpose": [{"system": _REASON, "code": code} for code in ("ETREAT", "BTG")]}


def no_research(_: Values, __: datetime) -> Json:
    industry = {"system": "urn:hub:purpose", "code": "PRODRD"}
    return {"type": "deny", "purpose": [{"system": _REASON, "code": "HRESCH"}, industry]}


_ALL: Final = (
    Template(
        "share-all",
        "同意医联体内为我诊疗的机构和家庭医生查阅我的档案;敏感内容除外。",
        "Those who look after me may see my record, except what is sensitive.",
        share_all,
    ),
    Template(
        "deny-all",
        "不同意任何机构查阅其他机构为我记录的内容。",
        "Nobody may see what other facilities have recorded about me.",
        deny_all,
    ),
    Template(
        "only-my-family-doctor",
        "只同意我的家庭医生查阅我的档案;敏感内容除外。",
        "Only my family doctor may see my record, except what is sensitive.",
        only_my_family_doctor,
        needs=("practitioner",),
    ),
    Template(
        "hide-codes",
        "不让别人(或所选机构)看到这些项目。",
        "Hide these items from everybody, or from the facility named.",
        hide_codes,
        needs=("codes",),
        may=("organization",),
    ),
    Template(
        "hide-types",
        "不让别人(或所选机构)看到这几类资料。",
        "Hide these kinds of records from everybody, or from the facility named.",
        hide_types,
        needs=("types",),
        may=("organization",),
    ),
    Template(
        "hide-label",
        "不让别人(或所选机构)看到这类敏感内容。",
        "Hide what has this sensitivity from everybody, or from the facility named.",
        hide_label,
        needs=("labels",),
        may=("organization",),
    ),
    Template(
        "show-label",
        "同意所选机构查阅我的这类敏感内容。",
        "The facility named may see what has this sensitivity.",
        show_label,
        needs=("organization", "labels"),
    ),
    Template(
        "organisation-sees-codes-for-hours",
        "同意所选机构在这段时间内查阅这些项目。",
        "The facility named may see these items for these hours.",
        organisation_sees_codes_for_hours,
        needs=("organization", "hours"),
        may=("codes", "types", "only"),
    ),
    Template(
        "share-until",
        "同意为我诊疗的机构查阅我的档案,到这一天为止;此后不同意。",
        "Those who look after me may see my record until this day, and nobody after it.",
        share_until,
        needs=("until",),
    ),
    Template(
        "emergency-no",
        "即使在紧急情况下,也不同意以急救为由查阅我的档案。",
        "Nobody may open my record for an emergency, not even by breaking the glass.",
        emergency_no,
    ),
    Template(
        "no-research",
        "不同意把我的资料用于科研或企业的产品研发。",
        "My data may not be used for research or by companies.",
        no_research,
    ),
)
TEMPLATES: Final[Mapping[str, Template]] = {template.name: template for template in _ALL}


def fhir_of(asked: Json, now: datetime) -> Json:
    """What is asked for as FHIR: a template is filled in, its evidence kept; FHIR stays as it is."""
    if "template" not in asked:
        return asked
    evidence = {name: asked[name] for name in EVIDENCE if name in asked}
    return from_template({name: value for name, value in asked.items() if name not in EVIDENCE}, now) | evidence


def from_template(asked: Json, now: datetime) -> Json:
    """The FHIR Consent (`provision` and `text` only) for `{template: NAME, values...}`.

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
    values = {name: value for name, value in asked.items() if name not in ("template", "patient")}
    strangers = sorted(values.keys() - {*template.needs, *template.may})
    if strangers:
        takes = ", ".join((*template.needs, *template.may)) or "no values"
        raise HubError(
            Category.INVALID, "has values the template does not take", where=template.name, todo=f"it takes {takes}"
        )
    return {"resourceType": "Consent", "text": _narrative(template), "provision": template.build(values, now)}


def _narrative(template: Template) -> Json:
    div = (
        f'<div xmlns="http://www.w3.org/1999/xhtml"><p lang="zh-CN">{template.chinese}</p>'
        f'<p lang="en">{template.english}</p></div>'
    )
    return {"status": "generated", "div": div}


def _for_whom(values: Values) -> Json:
    return {"actor": _actor(read.organization(values))} if "organization" in values else {}


def _actor(reference: str) -> list[Json]:
    return [{"role": _RECIPIENT, "reference": {"reference": reference}}]


def _instant(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="milliseconds")

"""`yilian profile learn`: a draft of a profile from the messages of a sender."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import structs

from hub.cli.listing import AsJson, print_json
from hub.cli.messages_in import messages_in
from mappings.hl7v2.engine import compile_rules
from mappings.hl7v2.habits import CANONICAL_BASE
from mappings.hl7v2.learning.draft import draft
from mappings.hl7v2.learning.survey import Survey, kinds_of, look
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.profiles.layers import SHIPPED, shipped
from mappings.hl7v2.profiles.load import load


def learn(
    files: Annotated[list[Path], typer.Argument(help="Files of messages, or folders of them.")],
    name: Annotated[str, typer.Option(help="Name of the profile.")] = "draft",
    extends: Annotated[
        str, typer.Option(help="The profile it extends: one that comes with the hub, a file, or empty for none.")
    ] = "china-common",
    as_json: AsJson = False,
) -> None:
    """Propose a profile on standard output: kinds of number, character sets, zones, local codes, Z segments.

    It holds no value of a patient. Every line is a guess an engineer confirms.
    """
    base = _base(extends)
    rules = compile_rules(CANONICAL_BASE, base.rows)
    survey = Survey()
    for _, _, raw in messages_in(files, "reading"):
        look(raw, survey, base, rules)
    if as_json:
        print_json(_told(survey))
    else:
        typer.echo(draft(survey, name, extends), nl=False)


def _base(extends: str) -> Profile:
    if not extends:
        return DEFAULT
    return load(SHIPPED / f"{extends}.yaml" if extends in shipped() else Path(extends))


def _told(survey: Survey) -> dict[str, Any]:
    """The counts, for programs."""
    plain = ("unreadable", "declared", "charsets", "events", "versions", "times", "nulls", "names", "flags", "z_fields")
    return {
        "messages": survey.messages,
        "patients": survey.patients,
        **{key: dict(getattr(survey, key)) for key in plain},
        "identifiers": [{**kind._asdict(), **dataclasses.asdict(shape)} for kind, shape in kinds_of(survey)],
        "codes": [{**structs.asdict(code), "messages": count} for code, count in survey.codes.most_common()],
        "issues": [{"code": code, "where": where, "messages": n} for (code, where), n in survey.issues.most_common()],
    }

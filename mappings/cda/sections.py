"""The sections of a document, nested ones too, to Composition.section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import concept, said_in
from mappings.cda.context import Context, reference
from mappings.cda.entries import entries
from mappings.cda.narrative import narrative
from mappings.cda.node import Node
from mappings.cda.parties import party
from mappings.cda.setting import Setting
from mappings.cda.tables import rows
from mappings.cda.told import told

#: What a section of plans is called; 计划免疫 and 计划生育 tell of what was done.
_PLANS: Final = re.compile(r"计划(?!免疫|生育)|指导|目标|干预|\b(?:PLAN|GOAL)", re.I)
#: The text of a section in which nothing was written: R4 wants a text, an entry or a section (cmp-1).
_NOTHING: Final = {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">(空)</div>'}


def body(document: Node, context: Context) -> list[Json]:
    """The sections of a document; statements that stand in none of them make one more."""
    found = sections(document, context)
    bodies = (*document.all("component"), *document.all("structuredBody"))
    astray = [each for node in bodies for each in entries(node, Setting(context=context))]
    return [*found, {"entry": astray}] if astray else found


def sections(holder: Node, context: Context) -> list[Json]:
    """The sections within a document or section, whether or not they stand in a `component`."""
    nodes = (child for each in (holder, *_holders(holder)) for child in each.all("section"))
    return [made for node in nodes if (made := _section(node, context))]


def _holders(holder: Node) -> Iterator[Node]:
    """What only holds sections, in the order of the document."""
    for child in holder.children:
        if child.name in {"component", "structuredBody"}:
            yield child
            yield from _holders(child)


def _section(node: Node, context: Context) -> Json:
    code = concept(node.first("code"), context, "Composition.section.code")
    title = said_in(node.first("title"), context, "Composition.section.title")
    name = title or _name(code)
    made: Json = {"title": name} if name else {}
    if code:
        made["code"] = code
    number = next((each["code"] for each in (code or {}).get("coding", [])), "")
    setting = Setting(context=context, section=number, planned=_is_plan(number, f"{name} {_name(code)}"))
    found = [*entries(node, setting), *map(reference, told(node, setting))]
    inner = sections(node, context)
    _text(made, node)
    authors = [made_of for each in node.all("author") if (made_of := party(each, context))]
    members = {"author": authors, "entry": found, "section": inner}
    made |= {key: member for key, member in members.items() if member}
    if made and not made.keys() & {"text", "entry", "section"}:
        made["text"] = _NOTHING
    return made


def _name(code: Json | None) -> str:
    """What a code is called."""
    if not code:
        return ""
    return str(code.get("text") or next((each.get("display", "") for each in code.get("coding", [])), ""))


def _is_plan(code: str, name: str) -> bool:
    """Whether a section tells of what is to be, not of what is."""
    plans = {row["section"] for row in rows("section-kinds") if row["kind"] == "plan"}
    return code in plans or _PLANS.search(name) is not None


def _text(made: Json, node: Node) -> None:
    for text in node.all("text"):
        if div := narrative(text):
            made["text"] = {"status": "additional", "div": div}

"""Where an entry stands: its section, what it inherits from above, and what is common to all entries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import identifiers
from mappings.cda.context import Context
from mappings.cda.node import Node
from mappings.cda.parties import party
from mappings.cda.tables import rows
from mappings.cda.times import when

#: Names of what stands around that are looked at, the nearest ones, and how much of each: a name is short.
_NAMES: Final = 16
_LONGEST_NAME: Final = 200
_PLANNED: Final = frozenset({"INT", "RQO", "PRMS", "PRP", "ARQ", "APT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`section` is the code of the section, `planned` whether it tells of plans; `effective` is inherited.

    `within` is what the statements around are called, outermost first (左侧血压, 目标值).
    """

    context: Context
    section: str = ""
    planned: bool = False
    effective: Json | None = None
    negated: bool = False
    within: tuple[str, ...] = ()

    def inside(self, node: Node) -> Setting:
        """The setting of what stands within `node`."""
        names = (name[:_LONGEST_NAME] for name in names_of(node)[:_NAMES])
        return replace(self, effective=self.time(node), negated=False, within=(*self.within, *names)[-_NAMES:])

    def time(self, node: Node) -> Json | None:
        """The stated time of an entry as a member of a choice (`DateTime`, `Period`), else the inherited one."""
        stated = None
        for each in node.all("effectiveTime"):
            stated = stated or when(each, self.context, "effective[x]")
        return stated or self.effective


def names_of(node: Node) -> tuple[str, ...]:
    """What a statement is called: by its code, its translations and their qualifiers."""
    codes = [each for code in node.all("code") for each in (code, *code.all("translation"))]
    parts = [each for code in codes for name in ("name", "value") for each in code.all("qualifier", name)]
    said = [*(each.get("displayName") for each in (*codes, *parts)), *(each.words() for each in codes)]
    return tuple(filter(None, said))


def is_planned(node: Node) -> bool:
    """Whether an entry is an intent, a request or a proposal."""
    return node.get("moodCode") in _PLANNED


def is_negated(node: Node, setting: Setting) -> bool:
    """Whether an entry says that something is not so."""
    negated = node.get("negationInd").casefold() == "true"
    node.take("status or negation", "negationInd")
    return negated or setting.negated


def template_kind(node: Node) -> str:
    """What the templates an entry claims say that it is (table templates), or ""."""
    roots = {each.get("root") for each in node.all("templateId")}
    for row in rows("templates"):
        if row["template"] in roots:
            for each in node.all("templateId"):
                each.take("kind of resource")
            return row["kind"]
    return ""


def begin(kind: str, node: Node, setting: Setting, subject: str = "subject") -> Json:
    """A resource for an entry, with identifiers, patient and encounter."""
    made = setting.context.entry(kind, node)
    if numbers := identifiers(node.all("id"), f"{kind}.identifier"):
        made["identifier"] = numbers
    if setting.context.patient:
        made[subject] = setting.context.patient
    return made


def status(node: Node, words: dict[str, str], default: str) -> str:
    """The status of an entry by the table of its resource; the default where it states none that is known."""
    stated = node.first("statusCode")
    if stated is None:
        return default
    code = stated.get("code").casefold()
    found = words.get(code) or words.get(f"{code}d")  # `complete` is what many write
    stated.take("status")
    return found or default


def performers(node: Node, setting: Setting) -> list[Json]:
    """References to who did it; who only wrote it down where nobody is named."""
    found = [made for each in node.all("performer") if (made := party(each, setting.context))]
    if not found:
        found = [made for each in node.all("author") if (made := party(each, setting.context))]
    return [made for i, made in enumerate(found) if made not in found[:i]]

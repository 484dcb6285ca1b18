"""Local codes: what the sender's profile says they mean, and which of them nobody could map."""

from __future__ import annotations

from functools import lru_cache

from hub.kernel.local_codes import is_local, tellable
from hub.kernel.types import UnmappedCode
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coding_systems import OID, URI, known_system
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.profile import Coding
from mappings.hl7v2.separators import Separators


def local_codings(rep: Repetition, context: Context) -> tuple[Coding, ...] | None:
    """What the profile says of a coded value; None if it says nothing, empty if its code and its text disagree."""
    habits, profile = context.habits, context.habits.profile
    if not (profile.codes or profile.code_systems or profile.concept_maps or habits.approved):
        return None
    found = habits.codings(context.at, leaf(rep, 1), leaf(rep, 2), leaf(rep, 3))
    if found == ():
        context.issue("code-and-text-disagree", "code and text stand for different things; neither is mapped")
        note_unmapped(rep, context)
    return found


def note_unmapped(rep: Repetition, context: Context) -> None:
    """Note a local code that nobody could map, and whether the profile blocks its field."""
    unmapped = _unmapped(context.at, rep.text, rep.separators)
    if unmapped is None:
        return
    if unmapped.code:
        context.unmapped[unmapped] = None
    if not context.blocked and context.blocks():
        context.blocked = context.where()


@lru_cache(maxsize=8192)
def _unmapped(field: str, raw: str, separators: Separators) -> UnmappedCode | None:
    """The code as it may be told, an empty one if it may not; None if there is none, or one of a standard system.

    A feed sends the same codes again and again: each is looked at once.
    """
    rep = Repetition(raw, separators)
    code, text, system = leaf(rep, 1), leaf(rep, 2), leaf(rep, 3)
    if not code or _is_standard(system) or (leaf(rep, 4) and _is_standard(leaf(rep, 6))):
        return None
    return tellable(field, code, system, text)


def _is_standard(system: str) -> bool:
    """Whether the receiver of a code of this coding system understands it: HL7 names it, or it is a common one."""
    uri = known_system(system) or (f"urn:oid:{system}" if OID.match(system) else system if URI.match(system) else "")
    return bool(uri) and not is_local(uri)

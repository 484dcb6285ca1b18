"""`yilian convert hl7v2`: files to transaction Bundles with their report, without a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Final

from hub.fhir.long_json import Listing, listed
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Draft, Issue, Json, ReportRow, Translation
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.charset import decode
from mappings.hl7v2.datatypes.identifiers import authority_uri
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.engine import Rules, compile_rules
from mappings.hl7v2.habits import CANONICAL_BASE, DEFAULT_ZONE, Habits
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Message, Segment, parse
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.translator import translate_message

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def convert(
    source: str,
    raw: bytes,
    profile: Profile = DEFAULT,
    *,
    canonical_base: str = CANONICAL_BASE,
    listing: Listing = listed,
) -> Iterator[Json]:
    """One object for each message of a file: source, index (from 0), bundle or None, report and issues. Never raises.

    The facility is the sender as MSH-4 (else MSH-3) names it, and ids are made with a public key: the same file gives
    the same ids everywhere. `listing` makes the lists that are as long as the message.
    """
    rules = compile_rules(canonical_base, profile.rows) if profile.rows else _standard_rules(canonical_base)
    for index, message in enumerate(split_messages(raw)):
        yield {"source": source, "index": index, **_converted(message, profile, canonical_base, rules, listing)}


@lru_cache(maxsize=4)
def _standard_rules(canonical_base: str) -> Rules:
    """The rules no profile changes: compiled once, however many files there are."""
    return compile_rules(canonical_base, {})


def _converted(raw: bytes, profile: Profile, canonical_base: str, rules: Rules, listing: Listing) -> Json:
    try:
        translation, envelope = _translated(raw, profile, canonical_base, rules)
    except HubError as error:
        return _failed(_fatal(error))
    except Exception as error:  # a defect of the mapping must not stop the file
        return _failed(Issue(severity="fatal", where="", code="fault", text=f"defect: {type(error).__name__}"))
    refusal = translation.refusal
    issues = [issue.as_json() for issue in translation.issues]
    return {
        "bundle": None if refusal else bundle(translation.drafts, canonical_base, envelope, listing),
        "report": listing(translation.report, ReportRow.as_json),
        "issues": [*issues, _fatal(refusal).as_json()] if refusal else issues,
    }


def _translated(raw: bytes, profile: Profile, canonical_base: str, rules: Rules) -> tuple[Translation, Json]:
    text, charset, issues = decode(raw, profile.charset)
    message, unusable = _parsed(text, charset)
    del text  # as large as all its segments
    msh = message.segments[0]
    sender = field(msh, 4) or field(msh, 3)
    habits = Habits(
        facility=sender or "unknown", ids=keyed_ids(PUBLIC_KEY), canonical_base=canonical_base, profile=profile
    )
    translation = translate_message(message, habits, rules, (*issues, *unusable), with_exchange=True)
    return translation, _envelope(msh, habits)


def _envelope(msh: Segment, habits: Habits) -> Json:
    """What the Bundle says of the message: its control id at the sender, and when it was sent if a zone is known."""
    result: Json = {}
    if control := field(msh, 10):
        system = authority_uri("", "", "message", habits.canonical_base, habits.facility)
        result["identifier"] = {"system": system, "value": control}
    sent = moment(field(msh, 7))
    if sent is not None and sent.time:
        result["timestamp"] = sent.date_time(habits.profile.zone or DEFAULT_ZONE)
    return result


def _parsed(text: str, charset: str) -> tuple[Message, tuple[Issue, ...]]:
    """The message; one that declares delimiters nobody can use is read with the standard's, and the issue says so.

    A feed would not take it: there the sender is told. Here somebody wants to see what is in a file.
    """
    try:
        return parse(text, charset), ()
    except HubError as error:
        if error.code != "delimiters":
            raise
        said = f"{error.what}; read with the standard delimiters"
        issue = Issue(severity="error", where=error.where, code=error.code, text=said)
        return parse(text, charset, standard_delimiters=True), (issue,)


def _fatal(error: HubError) -> Issue:
    return Issue(severity="fatal", where=error.where, code=error.code, text=error.what)


def _failed(issue: Issue) -> Json:
    return {"bundle": None, "report": [], "issues": [issue.as_json()]}


def bundle(
    drafts: Sequence[Draft],
    canonical_base: str = CANONICAL_BASE,
    envelope: Mapping[str, Any] = _NOTHING,
    listing: Listing = listed,
) -> Json | None:
    """A transaction that puts every resource under its id, as it would stand if nothing were stored.

    `envelope`: what the Bundle itself says of the message; `listing` makes the list of its entries.
    """
    if not drafts:
        return None
    return {
        "resourceType": "Bundle",
        **envelope,
        "type": "transaction",
        "entry": listing(drafts, partial(_entry, canonical_base=canonical_base)),
    }


def _entry(draft: Draft, canonical_base: str) -> Json:
    url = f"{draft.resource['resourceType']}/{draft.resource['id']}"
    resource = {**draft.resource, **draft.defaults} if draft.defaults else draft.resource
    return {"fullUrl": f"{canonical_base}/{url}", "resource": resource, "request": {"method": "PUT", "url": url}}

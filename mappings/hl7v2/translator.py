"""One message to drafts: the whole translation, from raw bytes to `Translation`."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import CodeMaps, Translator
from hub.kernel.types import IdentityEvent, Issue, Translation
from mappings.hl7v2.alike import Alike, is_told_by_others, told
from mappings.hl7v2.building import Building
from mappings.hl7v2.charset import decode
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.times import Moment, moment, zone_of_sender
from mappings.hl7v2.engine import Rules, compile_rules
from mappings.hl7v2.events import is_covered
from mappings.hl7v2.grouping import group
from mappings.hl7v2.groups import Groups, PatientGroup
from mappings.hl7v2.habits import CANONICAL_BASE, NO_MAPS, Habits
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Message, parse
from mappings.hl7v2.place import position
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.report import report
from mappings.hl7v2.resources.administration import administer, visits_of
from mappings.hl7v2.resources.apart import fill_apart
from mappings.hl7v2.resources.care import care
from mappings.hl7v2.resources.documents import documents
from mappings.hl7v2.resources.exchange import add_exchange, origin
from mappings.hl7v2.resources.master_files import bed_states, master_files
from mappings.hl7v2.resources.merging import links, merges, unmerges
from mappings.hl7v2.resources.moving import number_changes
from mappings.hl7v2.resources.orders import orders
from mappings.hl7v2.resources.patient import patient
from mappings.hl7v2.resources.referrals import referrals
from mappings.hl7v2.resources.results import patient_observations
from mappings.hl7v2.resources.scheduling import appointment
from mappings.hl7v2.steps.apply import mended
from mappings.hl7v2.trace import Trace


def translator(
    profile: Profile,
    facility: str,
    ids: IdMaker,
    *,
    canonical_base: str = CANONICAL_BASE,
    with_report: bool = True,
    maps: CodeMaps = NO_MAPS,
    approved: str = "",
) -> Translator:
    """The translator of one feed; `maps` has the concept maps the profile names, and, as `approved`, what engineers
    approved.

    Raises HubError INVALID if the profile changes a row that does not exist.

    What it returns raises HubError UNREADABLE for a message that cannot be parsed.
    """
    rules = compile_rules(canonical_base, profile.rows)
    habits = Habits(
        facility=facility, ids=ids, canonical_base=canonical_base, profile=profile, maps=maps, approved=approved
    )

    alike = Alike(profile)
    known = is_told_by_others(profile)

    def translate(raw: bytes) -> Translation:
        this = told(raw) if known else None
        before = alike.find(this, maps.revision) if this is not None else None
        if before is not None:
            return before
        text, charset, issues = decode(raw, profile.charset)
        message = parse(text, charset)
        del text  # as large as all its segments
        said, dated = translated(message, habits, rules, issues, with_report=with_report)
        if this is not None and not dated:
            alike.keep(this, said)
        return said

    return translate


def translate_message(
    message: Message,
    habits: Habits,
    rules: Rules,
    issues: tuple[Issue, ...] = (),
    *,
    with_report: bool = True,
    with_exchange: bool = False,
) -> Translation:
    """Translate a parsed message; `with_exchange` adds its MessageHeader and Provenances, which a feed keeps itself."""
    return translated(message, habits, rules, issues, with_report=with_report, with_exchange=with_exchange)[0]


def translated(
    message: Message,
    habits: Habits,
    rules: Rules,
    issues: tuple[Issue, ...],
    *,
    with_report: bool,
    with_exchange: bool = False,
) -> tuple[Translation, bool]:
    """As `translate_message`; and whether number or time of the message decided anything but when it happened."""
    kind = event_of(message)
    message, taken_out = mended(message, kind, habits.plan)
    trace = Trace() if with_report else None
    context = Context(message, habits, trace)
    sent = _read_header(context, kind)
    if not is_covered(kind):
        context.issue("event-not-covered", "mapped segment by segment, without the meaning of the event", "MSH-9")
    groups = group(message, context.event)
    _tell_passed_over(groups, context)
    events = _all_resources(groups, context, rules)
    del groups
    if rules.apart:
        fill_apart(context, rules)
    stated = origin(context, rules)
    if with_exchange and (kind or context.drafts):
        add_exchange(stated, context, rules)
    said = Translation(
        drafts=context.finished(),
        identity_events=events,
        report=report(context, rules, trace, taken_out) if trace is not None else (),
        issues=(*issues, *context.issues),
        event_time=_event_time(message, sent, context.zone),
        provenance=stated.together(),
        unmapped=tuple(context.unmapped),
        refusal=_blocked(context.blocked) if context.blocked else None,
    )
    return said, context.dated


def _blocked(where: str) -> HubError:
    return HubError(
        Category.INVALID,
        "the facility profile has no entry for a local code, and blocks messages with such codes in this field",
        where=where,
        todo="add the code to the profile (yilian profile codes lists it) and replay the message",
        code="unmapped-code",
    )


def event_of(message: Message) -> str:
    """`ADT^A01` from MSH-9; the event from EVN-1 where MSH-9 has none (versions before 2.3)."""
    msh = message.segments[0]
    event = field(msh, 9, 2) or field(message.first("EVN"), 1)
    return f"{field(msh, 9)}^{event}" if event else field(msh, 9)


def _read_header(context: Context, kind: str) -> Moment | None:
    """Take the header to the context; when the message was sent."""
    msh = context.message.segments[0]
    context.kind, _, context.event = kind.partition("^")
    time = field(msh, 7)
    sent = moment(time)
    zone = zone_of_sender(context.habits.profile, sent)
    context.head(field(msh, 10), time, sent.date_time(zone) if sent and sent.time else "", zone)
    return sent


def _all_resources(groups: Groups, context: Context, rules: Rules) -> tuple[IdentityEvent, ...]:
    events: list[IdentityEvent] = []
    patients = []
    for each in groups.patients:
        person = patient(each, context, rules)
        if person is not None:
            patients.append(person)
            events.extend(merges(each, person, context))
            events.extend(number_changes(each, person, context))
        _clinical(each, person, context, rules)
    events.extend((*links(patients, context), *unmerges(patients, context)))
    if context.kind == "MFN":
        master_files(context.message, context, rules)
    bed_states(context.message, context, rules)
    if groups.schedule is not None:
        appointment(groups, patients, context, rules)
    return tuple(events)


def _tell_passed_over(groups: Groups, context: Context) -> None:
    """Warn of a patient without results before one who has some: the sender may have meant them for the first."""
    for each, behind in pairwise(groups.patients):
        if each.pid is not None and behind.is_examined and not each.is_examined:
            context.issue(
                "patient-passed-over",
                "no order, result or document follows this PID; those behind the next one are that one's patient's",
                position(context.message, each.pid.segment),
            )


def _clinical(each: PatientGroup, person: Building | None, context: Context, rules: Rules) -> None:
    context.owner = person
    visits = administer(each, person, context, rules) if person is not None else visits_of(each, None, context, rules)
    visit = visits[0] if visits else None
    patient_observations(each, person, visit, context, rules)
    placed = orders(each, person, visit, context, rules)
    documents(each.documents, person, visit, placed, context, rules)
    referrals(each, person, visit, context, rules)
    care(each, person, visit, context, rules)


def _event_time(message: Message, sent: Moment | None, zone: str) -> datetime | None:
    """When it happened: EVN-6, EVN-2, or when it was sent (MSH-7)."""
    evn = message.first("EVN")
    for found in (moment(field(evn, 6)), moment(field(evn, 2)), sent):
        if found is not None and len(found.date) == 10:
            return found.instant(zone)
    return None

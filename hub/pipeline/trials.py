"""A message converted without storing anything: what would become of it, what that would change. Values are hidden.

Whoever tries bytes he made up can find out whether what he guessed is what stands. So a trial of one message leaves a
trace in the audit trail, like a look at its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from hub.db.database import Database, Tx
from hub.kernel.ports import EnvelopeReader, Mender, Refresh, Translator, nothing_changes
from hub.kernel.types import Json, State
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.differences import Difference, changed_paths
from hub.pipeline.engineer import Engineer
from hub.pipeline.fhir_mask import Mask
from hub.pipeline.lenses import MASKED, Lenses
from hub.pipeline.messages import no_message
from hub.pipeline.queue import Message
from hub.pipeline.reason import Reason, refused
from hub.pipeline.sealed import TO_PROCESS, opened_rows, raw_in
from hub.pipeline.tally import line_of
from hub.pipeline.translate import Translated, rows, translate
from hub.records.heads import Incoming
from hub.records.ingest import Ingest, Ingested, Touched

_COLUMNS: Final = f"id, feed, facility, received_at, processed_at IS NOT NULL AS again, report, {TO_PROCESS}"
_ONE: Final = f"SELECT {_COLUMNS} FROM inbox WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Would:
    """What would become of one resource: its name within the answer, and the elements that would differ."""

    resource: str
    change: Literal["created", "changed", "unchanged"]
    elements: tuple[str, ...]
    after: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChange:
    """A line of the conversion report that would come or go."""

    position: str
    outcome: str
    targets: str
    reason: str
    change: Literal["added", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What would become of a message: `changes` are the leaves in which the bytes tried differ from those that stand,
    `report_changes` what would be told of fields otherwise than now."""

    message: int
    state: State
    reason: Reason
    changes: list[Difference]
    report: list[Json]
    report_changes: list[ReportChange]
    resources: list[Would]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is tried with a message: other bytes, pre-processors, another translator; nothing: as it stands now."""

    raw: bytes | None = None
    steps: Sequence[Json] = ()
    translator: Translator | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A conversion that was tried: the bytes, what they say, what the record would make of it."""

    raw: bytes
    translated: Translated
    ingested: Ingested | None
    touched: tuple[Touched, ...]

    @property
    def state(self) -> State:
        """The state the message would reach."""
        return State.DEAD if self.ingested is None else self.ingested.outcome

    def why(self) -> Reason:
        """The reason that would be kept with it."""
        translation = self.translated.translation
        issues = () if translation is None else translation.issues
        refusal = self.translated.refusal or (None if self.ingested is None else self.ingested.refusal)
        return Reason(issues=issues) if refusal is None else refused(refusal, issues)


class Trials:
    """Tries messages by the readers, menders and translators of their feeds; `refresh` takes up what they ask."""

    def __init__(
        self,
        database: Database,
        ingest: Ingest,
        translators: Mapping[str, Translator],
        readers: Mapping[str, EnvelopeReader],
        menders: Mapping[str, Mender],
        lenses: Lenses,
        witness: Witness,
        refresh: Refresh = nothing_changes,
    ) -> None:
        self.refresh: Final = refresh
        self._database: Final = database
        self._ingest: Final = ingest
        self._translators: Final = translators
        self._readers: Final = readers
        self._menders: Final = menders
        self._lenses: Final = lenses
        self._witness: Final = witness

    async def attempt(self, message: int, engineer: Engineer, attempt: Attempt) -> Trial:
        """What would become of a message. Raises HubError NOT_FOUND, and what is wrong with the steps."""
        await self.refresh()
        async with self._database.transaction() as tx:
            await tx.execute("SET TRANSACTION READ ONLY")
            row = await tx.fetchrow(_ONE, message)
            if row is None or not engineer.sees(row["facility"]):
                raise no_message(message)
            (opened,) = await opened_rows(tx, [row])
            tried = await self.tried(tx, opened, attempt)
        deed = Deed(kind=Kind.TRY, engineer=engineer, message=message, feed=row["feed"], facility=row["facility"])
        await self._witness.record(deed)
        return self._trial(opened, tried)

    def mended(self, feed: str, raw: bytes, steps: Sequence[Json]) -> bytes:
        """Bytes after pre-processors. Raises HubError as `Mender` does."""
        return self._menders[feed](raw, steps) if steps and feed in self._menders else raw

    async def tried(self, tx: Tx, row: Mapping[str, Any], attempt: Attempt) -> Tried:
        """Convert a message of the inbox, as far as it would come. Raises what is wrong with the steps."""
        feed = row["feed"]
        raw = self.mended(feed, raw_in(row) if attempt.raw is None else attempt.raw, attempt.steps)
        message = Message(row["id"], feed, row["facility"], row["received_at"], raw, row["again"])
        problem = self._readers[feed](raw).problem if feed in self._readers else None
        if problem is not None:
            return Tried(raw, Translated(message, refusal=problem), None, ())
        chosen = self._translators if attempt.translator is None else {feed: attempt.translator}
        translated = translate(message, chosen)
        if translated.translation is None or translated.refusal is not None:
            return Tried(raw, translated, None, ())
        incoming = Incoming(
            message=message.id,
            feed=feed,
            facility=message.facility,
            translation=translated.translation,
            received_at=message.received_at,
            again=message.again,
        )
        (rehearsed,) = await self._ingest.rehearse(tx, [incoming])
        return Tried(raw, translated, rehearsed.ingested, rehearsed.touched)

    def _trial(self, row: Mapping[str, Any], tried: Tried) -> Trial:
        report = () if tried.translated.translation is None else tried.translated.translation.report
        mask = self._lenses.masks(row["feed"])
        return Trial(
            message=row["id"],
            state=tried.state,
            reason=tried.why(),
            changes=self._lenses.changes(row["feed"], raw_in(row), tried.raw, MASKED),
            report=[line.as_json() for line in report],
            report_changes=_report_changes(row["report"], {line_of(line) for line in report}),
            resources=[_would(touched, mask) for touched in tried.touched],
        )


def _report_changes(packed: bytes | None, now: set[Any]) -> list[ReportChange]:
    before = set() if packed is None else {line_of(line) for line in rows(packed)}
    return [
        ReportChange(**line._asdict(), change="added" if line in now else "removed") for line in sorted(before ^ now)
    ]


def _would(touched: Touched, mask: Mask) -> Would:
    elements = tuple(changed_paths(touched.before, touched.after))
    change: Literal["created", "changed", "unchanged"] = "changed" if elements else "unchanged"
    return Would(
        resource=mask.label(*touched.ref),
        change="created" if touched.before is None and touched.after is not None else change,
        elements=elements if touched.before is not None else (),
        after=mask.hidden(touched.after or {}),
    )

"""FHIR batch: every entry for itself, judged and answered as if it had come alone.

https://hl7.org/fhir/R4/http.html#brules
"""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec.structs import replace

from hub.api.failures import defect
from hub.api.fhir.bundle import bundle as assemble
from hub.api.fhir.entries import Entry, answer_entry, raw_entries, read_entry, refusal_entry
from hub.api.fhir.exchange import Answer, Ask
from hub.api.services import Services
from hub.kernel.errors import HubError
from hub.kernel.types import Json

#: Entries of one batch at work at the same time: they share commits, and leave connections to others.
_AT_ONCE: Final = 16
#: Reads see what the batch wrote; R4 leaves the order open.
_ORDER: Final = ("DELETE", "POST", "PUT", "PATCH", "GET")


async def batch(services: Services, ask: Ask, bundle: Json) -> Answer:
    """Answer each entry in its place; refusals stand in their entries, the batch itself is 200."""
    answers: dict[int, bytes] = {}
    entries: dict[int, Entry] = {}
    for index, raw in enumerate(raw_entries(bundle)):
        try:
            entries[index] = read_entry(index, raw, services.base_url)
        except HubError as error:
            answers[index] = refusal_entry(error)
    for method in _ORDER:
        answers |= await run(services, ask, {i: entry for i, entry in entries.items() if entry.method == method})
    ordered = (answers[index] for index in sorted(answers))
    return Answer(status=200, body=assemble("batch-response", ordered))


async def run(services: Services, ask: Ask, entries: dict[int, Entry]) -> dict[int, bytes]:
    """Run entries that do not depend on each other; response entries by the same keys."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(entry: Entry) -> bytes:
        async with turn:
            try:
                answer = await entry.match.interaction.handle(services, entry.ask(ask))
                return answer_entry(replace(answer, body=b"") if entry.head else answer)
            except HubError as error:
                return refusal_entry(error)
            except Exception as error:
                services.log.failure("entry-failed", error, request=ask.origin.request)
                return refusal_entry(defect(ask.origin.request))

    done = await asyncio.gather(*map(one, entries.values()))
    return dict(zip(entries, done, strict=True))

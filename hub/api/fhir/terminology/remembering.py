"""Operations about codes whose answers are kept: what is in force does not change within a revision of the catalogue.

Who asks plays no part. Only questions that stand wholly in their parameters are kept: a ValueSet that is stored is read
under the rights of whoever asks, and one that is sent is not likely to be sent again.
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.router import Handler
from hub.api.services import Services

#: Longest question that is kept, in characters.
_LONGEST: Final = 2_000


def remembering(handle: Handler) -> Handler:
    """An operation whose answers are kept."""

    async def answered(services: Services, ask: Ask) -> Answer:
        length = sum(len(name) + len(value) for name, value in ask.params)
        if ask.id or ask.resource is not None or length > _LONGEST:
            return await handle(services, ask)
        revision = (await services.terminology.catalogues.now()).revision
        question = (handle, tuple(ask.params), ask.preference.lenient)
        known = services.remembered.get(revision, question)
        if known is None:
            known = await handle(services, ask)
            services.remembered.keep(revision, question, known)
        return known

    return answered

"""Gives the files that messages bring their addresses: whatever the format, a client that finds a document fetches it.

IHE MHD wants an address in every DocumentReference (ITI-67), under which it is fetched (ITI-68).
"""

from __future__ import annotations

from hub.fhir.attachments import addressed
from hub.kernel.ports import Translator
from hub.kernel.types import Translation


def with_addresses(translator: Translator) -> Translator:
    """A translator whose documents say where their bytes are fetched."""

    def translate(raw: bytes) -> Translation:
        translation = translator(raw)
        for draft in translation.drafts:
            if draft.resource["resourceType"] == "DocumentReference":
                addressed(draft.resource)
        return translation

    return translate

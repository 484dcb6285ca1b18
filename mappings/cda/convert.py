"""`yilian convert cda`: files to transaction Bundles with their report, without a database."""

from __future__ import annotations

from collections.abc import Iterator

from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Issue, Json
from mappings.cda.node import Node
from mappings.cda.reading import documents
from mappings.cda.translator import DEFAULT_ZONE, sender, translate
from mappings.hl7v2.convert import bundle


def convert(source: str, raw: bytes, canonical_base: str, zone: str = DEFAULT_ZONE) -> Iterator[Json]:
    """One object for each ClinicalDocument of a file: source, index (from 0), bundle or None, report, issues.

    Never raises. The facility is the custodian, and ids are made with a public key: the same file gives the same ids.
    """
    try:
        found, issues = documents(raw)
    except HubError as error:
        yield {"source": source, "index": 0, **_failed(error.where, error.code, error.what)}
        return
    except Exception as error:  # a defect of the reader must not stop the other files
        yield {"source": source, "index": 0, **_failed("", "fault", f"defect: {type(error).__name__}")}
        return
    for index, document in enumerate(found):
        yield {"source": source, "index": index, **_converted(document, raw, canonical_base, zone, issues)}


def _converted(document: Node, raw: bytes, canonical_base: str, zone: str, issues: list[Issue]) -> Json:
    try:
        made = translate(
            document, raw, sender(document), keyed_ids(PUBLIC_KEY), canonical_base, zone=zone, issues=issues
        )
    except HubError as error:
        return _failed(error.where, error.code, error.what)
    except Exception as error:  # a defect of the mapping must not stop the file
        return _failed("", "fault", f"defect: {type(error).__name__}")
    return {
        "bundle": bundle(made.drafts, canonical_base),
        "report": [row.as_json() for row in made.report],
        "issues": [issue.as_json() for issue in made.issues],
    }


def _failed(where: str, code: str, text: str) -> Json:
    issue = Issue(severity="fatal", where=where, code=code, text=text)
    return {"bundle": None, "report": [], "issues": [issue.as_json()]}

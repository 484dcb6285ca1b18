"""What a feed of documents needs: its translator, what can be known beforehand, and a document taken apart."""

from __future__ import annotations

from hub.kernel.errors import HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import Translator
from hub.kernel.types import Draft, Envelope, Part, Translation
from mappings.cda.node import Node
from mappings.cda.reading import documents
from mappings.cda.translator import identity, translate


def translator(facility: str, ids: IdMaker, canonical_base: str, zone: str) -> Translator:
    """The translator of one feed; of a file with several documents all drafts together.

    What it returns raises HubError UNREADABLE or TOO_LARGE for a file that cannot be read.
    """

    def of_file(raw: bytes) -> Translation:
        found, issues = documents(raw)
        told = [translate(each, raw, facility, ids, canonical_base, zone=zone) for each in found]
        drafts: dict[str, Draft] = {}
        for each in told:
            drafts |= {f"{draft.resource['resourceType']}/{draft.resource['id']}": draft for draft in each.drafts}
        return Translation(
            drafts=tuple(drafts.values()),
            report=tuple(row for each in told for row in each.report),
            issues=(*issues, *(issue for each in told for issue in each.issues)),
            event_time=told[0].event_time,
        )

    return of_file


def read_envelope(raw: bytes) -> Envelope:
    """Identity (set and version, else the document's id), type, and the patient's numbers as lanes. Never raises."""
    try:
        found, _ = documents(raw)
    except HubError as error:
        return Envelope(problem=error)
    first = found[0]
    version, code = first.first("versionNumber"), first.first("code")
    named = [*identity(first), version.get("value") if version is not None else ""]
    patients = [node for each in found for node in each.all("recordTarget", "patientRole")]
    numbers = [number for node in patients for number in (*node.all("id"), *node.all("patient", "id"))]
    lanes = dict.fromkeys(each.get("extension").upper() for each in numbers if each.get("extension"))
    return Envelope(
        identity="|".join(named) if any(named) else "",
        kind=code.get("code")[:32] if code is not None else "",
        lanes=tuple(lanes)[:16],
    )


def take_apart(raw: bytes) -> tuple[Part, ...]:
    """Every element with its attributes and text, for people. Raises HubError UNREADABLE or TOO_LARGE."""
    found, _ = documents(raw)
    return tuple(_part(each, each.name) for each in found)


def _part(node: Node, at: str) -> Part:
    said = {f"@{name}": value for name, value in node.attributes.items() if value.strip()}
    if node.text.strip():
        said["text()"] = node.text.strip()
    leaves = [Part(at=f"{at}/{name}", name=name, text=value, field=value) for name, value in said.items()]
    counts: dict[str, int] = {}
    inner = []
    for child in node.children:
        counts[child.name] = counts.get(child.name, 0) + 1
        inner.append(_part(child, f"{at}/{child.name}[{counts[child.name]}]"))
    return Part(at=at, name=node.name, parts=(*leaves, *inner))

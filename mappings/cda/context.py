"""What the mapping of one document knows: the sender, the ids it makes, the resources so far, issues, the narrative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from hub.kernel.types import Draft, Issue, Json
from mappings.cda.node import Node


@dataclass(slots=True)
class Context:
    """`id_of` gives the id of a resource by type, authority and key; `document` is the identity of the document.

    `kind` is the code of its type, `patient`, `encounter`, `author` are references once they are made, `when` the
    time of the service the document tells of ("" where it states none).
    """

    root: Node
    id_of: Callable[[str, str, str], str]
    canonical_base: str
    zone: str
    document: tuple[str, str] = ("", "")
    kind: str = ""
    patient: Json | None = None
    encounter: Json | None = None
    when: str = ""
    issues: list[Issue] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    named: dict[str, Node] = field(default_factory=dict)

    def extension(self, name: str) -> str:
        """Canonical URL of an extension of the hub's own."""
        return f"{self.canonical_base}/StructureDefinition/{name}"

    def issue(
        self, code: str, text: str, node: Node, severity: Literal["error", "warning", "information"] = "warning"
    ) -> None:
        """Add an issue; `text` holds no value of the document."""
        self.issues.append(Issue(severity=severity, where=node.path, code=code, text=text))

    def resource(
        self, kind: str, authority: str, key: str, *, about_patient: bool = True, formerly: tuple[str, ...] = ()
    ) -> Json:
        """The resource of that identity, made if it is new; `formerly` as in `Draft`."""
        rid = self.id_of(kind, authority, key)
        draft = self.drafts.get(f"{kind}/{rid}")
        if draft is None:
            patient = self.patient["reference"].partition("/")[2] if about_patient and self.patient else None
            made: Json = {"resourceType": kind, "id": rid}
            draft = Draft(
                resource=made, authority=authority, key=key, patient=patient, merge="replace", formerly=formerly
            )
            self.drafts[f"{kind}/{rid}"] = draft
        return draft.resource

    def entry(self, kind: str, node: Node) -> Json:
        """The resource of an element of this document, known by its place in it."""
        authority, key = self.document
        return self.resource(kind, f"document|{authority}", f"{key}|{node.path}")

    def discard(self, resource: Json) -> None:
        """Take back a resource that turned out to say nothing."""
        self.drafts.pop(f"{resource['resourceType']}/{resource['id']}", None)


def reference(resource: Json) -> Json:
    """A reference to a resource of this document."""
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}

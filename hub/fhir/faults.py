"""What validation finds, with a path that is put together only where something is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.kernel.types import Issue


@dataclass(slots=True)
class Fault:
    """One thing wrong. `code` is of the value set issue-type; `path` holds segments, the innermost first."""

    code: str
    text: str
    path: list[str] = field(default_factory=list)

    def issue(self, root: str) -> Issue:
        """As an issue at a FHIRPath of its resource, such as `Patient.name[0].given[1]`."""
        where = ".".join([root, *reversed(self.path)])
        return Issue(severity="error", where=where, code=self.code, text=self.text)


def place(faults: list[Fault], since: int, segment: str) -> None:
    """Prefix the path of every fault found `since` then."""
    for fault in faults[since:]:
        fault.path.append(segment)

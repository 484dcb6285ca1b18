"""An element of a document as the mappings see it: name without namespace, and what became of each of its leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

#: The leaf that is the text of an element, beside its attributes.
TEXT: Final = ""


@dataclass(slots=True, eq=False)
class Node:
    """`text` is what stands before the first child, `tail` what follows the element; attributes are by local name.

    `visited`: whether the statement it is was read; `became`: leaf (attribute name, or TEXT) to the elements it went
    into; `refused`: leaf to the reason.
    """

    name: str
    attributes: dict[str, str]
    text: str = ""
    tail: str = ""
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    became: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    visited: bool = False
    _numbers: dict[int, str] | None = None

    def all(self, *names: str) -> list[Node]:
        """The children of a name; with several names the descendants along that path."""
        found = [self]
        for name in names:
            wanted = name.casefold()
            found = [child for node in found for child in node.children if child.name.casefold() == wanted]
        return found

    def first(self, *names: str) -> Node | None:
        """The first of `all`."""
        found = self.all(*names)
        return found[0] if found else None

    def get(self, name: str) -> str:
        """An attribute without white space around it, or ""."""
        return self.attributes.get(name, "").strip()

    def take(self, to: str, *leaves: str) -> None:
        """Record that these leaves (all of the element, if none is named) became element `to`."""
        for leaf in leaves or (*self.attributes, TEXT):
            if self.attributes.get(leaf, "") if leaf else self.text:
                self.became.setdefault(leaf, []).append(to)

    def refuse(self, reason: str, *leaves: str) -> None:
        """Record why these leaves (all that became nothing, if none is named) are not carried."""
        for leaf in leaves or (*self.attributes, TEXT):
            if leaf not in self.became:
                self.refused[leaf] = reason

    def take_all(self, to: str) -> None:
        """Record that everything in the element became `to`."""
        for node in self.walk():
            node.take(to)

    def walk(self) -> Iterator[Node]:
        """The element and all within it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def words(self) -> str:
        """All text within the element, white space as single blanks."""
        return " ".join("".join(self._texts()).split())

    def said(self) -> str:
        """The text of an element that has no others in it as it was written, its lines kept; else as `words`."""
        return self.words() if self.children else self.text.strip()

    def _texts(self) -> Iterator[str]:
        yield self.text
        for child in self.children:
            yield from child._texts()
            yield child.tail

    @property
    def path(self) -> str:
        """Where the element stands, as `recordTarget/patientRole/id[2]`; the document itself is ""."""
        if self.parent is None:
            return ""
        number = self.parent._numbers_of_children()[id(self)]
        above = self.parent.path
        return f"{above}/{self.name}{number}" if above else self.name + number

    def _numbers_of_children(self) -> dict[int, str]:
        """The number of each child among those of its name, "" where it is the only one; counted once."""
        if self._numbers is None:
            of_name = Counter(child.name for child in self.children)
            so_far: Counter[str] = Counter()
            self._numbers = {}
            for child in self.children:
                so_far[child.name] += 1
                self._numbers[id(child)] = f"[{so_far[child.name]}]" if of_name[child.name] > 1 else ""
        return self._numbers

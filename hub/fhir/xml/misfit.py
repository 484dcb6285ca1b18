"""What does not fit the other form, with the way to it."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


class MisfitError(Exception):
    """`path` grows from the end as the error rises: each level puts its own segment in front."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what)
        self.what = what
        #: A name that cannot be an element's is not repeated: it may be a value gone astray.
        self.path = [name] if _NAME.fullmatch(name) else []

    def under(self, segment: str) -> MisfitError:
        """The same, one level up."""
        self.path.insert(0, segment)
        return self

    @property
    def where(self) -> str:
        """A path such as `Patient.name[0].given`."""
        return ".".join(self.path)

"""Which acknowledgements a message wants (HL7 v2.5.1 section 2.9, tables 0008 and 0155)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mode:
    """`accept` and `application` are conditions of table 0155: AL always, NE never, ER on error, SU on success.

    In original mode (MSH-15 and MSH-16 both empty) there is one acknowledgement, AA, AE or AR, and it is always given.
    In enhanced mode a condition that is empty or unknown counts as NE.
    """

    enhanced: bool
    accept: str = "AL"
    application: str = "NE"

    def wants_accept(self, code: str) -> bool:
        """Whether the first answer with this code (AA or CA ...) is to be sent."""
        return _wanted(self.accept, code)

    def wants_application(self, code: str) -> bool:
        """Whether the answer after processing, with this code (AA, AE), is to be sent."""
        return _wanted(self.application, code)

    @property
    def waits(self) -> bool:
        """Whether the outcome of processing can be of interest."""
        return self.application in {"AL", "ER", "SU"}

    def accept_code(self, code: str) -> str:
        """AA, AE or AR, or its like in enhanced mode: CA, CE or CR."""
        return "C" + code[1:] if self.enhanced else code


_ORIGINAL: Final = Mode(enhanced=False)


def mode_of(header: Mapping[str, str]) -> Mode:
    """The mode of a message from its MSH-15 and MSH-16."""
    accept, application = header.get("MSH-15", "").strip(), header.get("MSH-16", "").strip()
    if not accept and not application:
        return _ORIGINAL
    return Mode(enhanced=True, accept=accept.upper(), application=application.upper())


def _wanted(condition: str, code: str) -> bool:
    return condition == "AL" or condition == ("SU" if code.endswith("A") else "ER")

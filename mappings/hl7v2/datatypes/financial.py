"""FC, a financial class: a code (FC.1) and the day from which it counts (FC.2, v2.5.1, 2.A.26).

Some senders write it as a coded value, with a text where the day belongs.
"""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, Options, plain
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, make_concept
from mappings.hl7v2.datatypes.times import date_time, moment
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.trace import mapped

_AS_CODED: Final = mapped("Coverage.type", frozenset(CONCEPT_PARTS.items()))


def _is_coded(rep: Repetition) -> bool:
    """Whether it is written as a coded value."""
    return bool(leaf(rep, 2)) and moment(leaf(rep, 2)) is None


def _make_class(options: Options) -> Converter:
    concept = make_concept(options)

    def financial_class(rep: Repetition, context: Context) -> Any:
        """CodeableConcept of FC.1, which is a CWE itself since v2.7."""
        if _is_coded(rep):
            context.took(context.segment, context.field, _AS_CODED, context.rep)
            return concept(rep, context)
        s = rep.separators
        first = rep.components()[0]
        alone = first.replace(s.subcomponent, s.component) if s.subcomponent else first
        return concept(Repetition(alone, s), context)

    return financial_class


def effective(rep: Repetition, context: Context) -> Any:
    """FHIR dateTime of FC.2."""
    return None if _is_coded(rep) else date_time(rep, context, 2)


DATATYPES: Final[dict[str, Datatype]] = {
    "FC": Datatype(_make_class, {"1.1": "coding.code", "1.2": "coding.display", "1.3": "coding.system"}),
    "FC-effective": plain(effective, {"2": ""}),
}

"""A prescription as a whole (WS/T 500.4, 500.5): its number, its reasons, how a Chinese formula is made and taken."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.cda.context import Context, reference
from mappings.cda.stated import all_of, every, words

_NUMBERS: Final = "urn:oid:2.16.156.10011.1.20"
#: 中药饮片剂数, 中药煎煮法, 中药用药法.
_PORTIONS: Final = "DE08.50.050.00"
_DECOCTION: Final = "DE08.50.047.00"
_TAKEN: Final = "DE06.00.136.00"


def prescription(numbers: list[Json], context: Context) -> None:
    """What is said of the prescription is said of each medicine in it; `numbers` number the document."""
    number = next((each for each in numbers if each.get("system") == _NUMBERS), None)
    reasons = [reference(each) for each in all_of("Condition", context)]
    instruction = _instruction(context)
    portions = [each["valueQuantity"] for each in every(_PORTIONS, context) if "valueQuantity" in each]
    for request in all_of("MedicationRequest", context):
        if number is not None:
            request["groupIdentifier"] = number
        if reasons:
            request["reasonReference"] = reasons
        if instruction:
            first, *others = request.get("dosageInstruction") or [{}]
            request["dosageInstruction"] = [{**first, **instruction}, *others]
        if len(portions) == 1:
            request["dispenseRequest"] = {"quantity": portions[0]}


def _instruction(context: Context) -> Json:
    """How a formula is decocted and taken; nothing where the document has several that differ."""
    decocted, taken = words(_DECOCTION, context), words(_TAKEN, context)
    made: Json = {"additionalInstruction": [{"text": decocted}]} if decocted else {}
    return made | ({"patientInstruction": taken} if taken else {})

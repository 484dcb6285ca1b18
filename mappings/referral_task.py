"""How far a referral is: the Task beside a ServiceRequest that a form or a document makes, in one form for all."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json

#: Patient referral (SNOMED CT).
REFERRAL: Final = {"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}
#: What people write where nobody is referred.
NO_REFERRAL: Final = frozenset({"", "无", "否", "未转诊", "不转诊", "0", "/", "-", "无需转诊"})
_SAME: Final = ("encounter", "authoredOn", "requester")


def referral_task(request: Json) -> Json:
    """The content of the Task for a ServiceRequest; who is to act is said by whoever knows the facilities."""
    shared: Json = {name: request[name] for name in _SAME if name in request}
    return {
        "status": "requested",
        "intent": "order",
        "code": {"coding": [REFERRAL], "text": "转诊"},
        "focus": {"reference": f"ServiceRequest/{request['id']}"},
        "for": request["subject"],
        **shared,
    }

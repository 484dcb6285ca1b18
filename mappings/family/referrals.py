"""A two-way referral: what is asked (ServiceRequest), and how far it is (Task). Up to the hospital, or back down.

The request gives the facility it names a relationship with the patient for its period, as long as it is in force
(decision 0006): one that was rejected or cancelled gives none.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from mappings.family.documents import documents
from mappings.family.records import Author, day, doctor
from mappings.forms.building import stated

_SNOMED: Final = "http://snomed.info/sct"
#: State of a referral: status of the request, status of its task (R4 request-status, task-status).
_STATUSES: Final = {
    "requested": ("active", "requested"),
    "accepted": ("active", "accepted"),
    "rejected": ("revoked", "rejected"),
    "completed": ("completed", "completed"),
    "cancelled": ("revoked", "cancelled"),
}
_DIRECTIONS: Final = {"up": "上转", "down": "下转"}


def referral(record: Json, who: str, author: Author) -> list[Draft]:
    """The drafts of a referral, its documents first.

    Raises HubError INVALID for one that ends before it begins, or a document that is none; TOO_LARGE.
    """
    start, end = day(record, "sentOn"), day(record, "validUntil")
    if start is None or (end is not None and end < start):
        raise HubError(Category.INVALID, "ends before it begins", where="validUntil", todo="correct it", code="period")
    status, progress = _STATUSES[record.get("status", "requested")]
    subject = {"reference": f"Patient/{who}"}
    receiver, direction = {"reference": f"Organization/{record['to']}"}, _DIRECTIONS[record["direction"]]
    system = f"{author.canonical_base}/CodeSystem/referral-direction"
    attached = documents(record, who, author)
    request = author.draft(
        "ServiceRequest",
        "referral",
        record["key"],
        stated(
            {
                "status": status,
                "intent": "order",
                "category": [
                    {
                        "coding": [{"system": system, "code": record["direction"], "display": direction}],
                        "text": direction,
                    }
                ],
                "priority": "urgent" if record.get("urgent") else "routine",
                "code": {
                    "coding": [{"system": _SNOMED, "code": "3457005", "display": "Patient referral"}],
                    "text": "转诊",
                },
                "subject": subject,
                "occurrencePeriod": {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {}),
                "authoredOn": record["sentOn"],
                "requester": doctor(record["doctor"]),
                "performer": [receiver],
                "reasonCode": [{"text": record["reason"]}] if "reason" in record else [],
                "supportingInfo": [{"reference": f"DocumentReference/{each.resource['id']}"} for each in attached],
            }
        ),
        who,
    )
    task: Json = {
        "status": progress,
        "intent": "order",
        "code": {"text": direction},
        "focus": {"reference": f"ServiceRequest/{request.resource['id']}"},
        "for": subject,
        "authoredOn": record["sentOn"],
        "requester": doctor(record["doctor"]),
        "owner": receiver,
    }
    return [*attached, request, _answerable(author.draft("Task", "referral", record["key"], task, who), record)]


def _answerable(task: Draft, record: Json) -> Draft:
    """The Task, laid over what stands where the record says nothing of its state: what the owner said of it stays."""
    if "status" in record:
        return task
    stated = {name: value for name, value in task.resource.items() if name != "status"}
    return replace(task, resource=stated, merge="overlay", defaults={"status": task.resource["status"]})

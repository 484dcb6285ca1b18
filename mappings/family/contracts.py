"""A contract with a family doctor: who the team is (CareTeam), and for how long she looks after the patient.

The EpisodeOfCare is what consents and relationships read (decision 0006): active, of type `family-doctor`, with its
careManager and a period. A contract that was ended is finished, and gives nothing any more.
"""

from __future__ import annotations

from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from mappings.family.records import Author, day, doctor

_TYPE: Final = {"coding": [{"system": "urn:hub:episode-type", "code": "family-doctor"}], "text": "家庭医生签约"}


def contract(record: Json, who: str, author: Author) -> list[Draft]:
    """The drafts of a contract of Patient `who`. Raises HubError INVALID for one that ends before it begins."""
    start, end, ended = day(record, "validFrom"), day(record, "validTo"), day(record, "terminatedOn")
    if start is None or end is None or end < start or (ended is not None and ended < start):
        raise HubError(Category.INVALID, "ends before it begins", where="validTo", todo="correct it", code="period")
    period = {"start": start.isoformat(), "end": min(end, ended or end).isoformat()}
    subject, organization = {"reference": f"Patient/{who}"}, {"reference": f"Organization/{author.facility}"}
    members = {each["id"]: each for each in (record["doctor"], *record.get("team", ()))}
    team = author.draft(
        "CareTeam",
        "family-contract",
        record["key"],
        {
            "status": "inactive" if ended else "active",
            "name": "家庭医生团队",
            "subject": subject,
            "period": period,
            "participant": [_participant(each) for each in members.values()],
            "managingOrganization": [organization],
        },
        who,
    )
    content: Json = {
        "status": "finished" if ended else "active",
        "type": [_TYPE],
        "patient": subject,
        "managingOrganization": organization,
        "period": period,
        "careManager": doctor(record["doctor"]),
        "team": [{"reference": f"CareTeam/{team.resource['id']}"}],
    }
    if record.get("packages"):
        content["type"] = [*content["type"], *({"text": text} for text in record["packages"])]
    return [team, author.draft("EpisodeOfCare", "family-contract", record["key"], content, who)]


def _participant(stated: Json) -> Json:
    member: Json = {"member": doctor(stated)}
    return {"role": [{"text": stated["role"]}], **member} if stated.get("role") else member

"""Who stood at a kiosk, where its readings say so: by the card that was read, never by a name alone."""

from __future__ import annotations

from hub.kernel.citizen_id import is_citizen_id
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, Json
from mappings.devices.vendormap import Vendor, at
from mappings.forms.person import NUMBERS, identifier
from mappings.registration import registration

_KIND = "citizen-id"


def number_in(data: Json, vendor: Vendor) -> str:
    """The citizen id a reading states, as written; "" if it states none."""
    found = at(data, vendor.citizen_id) if vendor.citizen_id else None
    return str(found).strip().upper() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def stated(data: Json, vendor: Vendor, facility: str, ids: IdMaker) -> Draft | None:
    """The source Patient a reading names, the same as forms and records of the facility make; None if it names nobody.

    Raises HubError INVALID for a number that is no citizen id.
    """
    number = number_in(data, vendor)
    if not number:
        return None
    if not is_citizen_id(number):
        todo = "have the card read again; the reading is kept"
        raise HubError(Category.INVALID, "is no citizen id", where=vendor.citizen_id, todo=todo, code="citizen-id")
    known = registration(NUMBERS[_KIND][0], number)
    content: Json = {"identifier": [identifier(_KIND, number)]}
    name = at(data, vendor.person_name) if vendor.person_name else None
    if isinstance(name, str) and name.strip():
        content["name"] = [{"text": name.strip()}]
    rid = ids(facility, "Patient", *known)
    resource = {"resourceType": "Patient", "id": rid, **content}
    return Draft(resource=resource, authority=known.authority, key=known.key, patient=rid)

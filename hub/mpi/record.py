"""A person as one facility wrote it down, before anything is made of it."""

from __future__ import annotations

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True):
    """One registration. Every field is the text of the source; empty where the source said nothing.

    `sex` is M, F, U or empty; `birth_date` and `registered_on` are dates (YYYY-MM-DD); `id_no` is the citizen id
    (GB 11643: 18 digits; before 1999: 15 digits), maybe masked with `*`; `birth_order` counts the children of a birth;
    `phone` may hold several numbers with `;`, `,`, `/` or `、` between them; `health_card` is the number of the health
    card (居民健康卡), which files of registrations do not have.
    """

    record_id: str
    facility: str
    name: str
    mrn: str = ""
    sex: str = ""
    birth_date: str = ""
    id_no: str = ""
    insurance_no: str = ""
    phone: str = ""
    address: str = ""
    contact_name: str = ""
    contact_relation: str = ""
    contact_phone: str = ""
    birth_order: str = ""
    registered_on: str = ""
    health_card: str = ""

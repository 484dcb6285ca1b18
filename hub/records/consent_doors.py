"""The doors of consents together: what the API and the pages are handed."""

from __future__ import annotations

from dataclasses import dataclass

from hub.records.approvals import Approvals
from hub.records.consent_reading import ConsentReads
from hub.records.consent_requests import ConsentRequests
from hub.records.consents import Consents
from hub.records.glass_reviews import GlassReviews
from hub.records.notice_board import NoticeBoard
from hub.records.objections import Objections
from hub.records.proxies import Proxies
from hub.records.second_requests import SecondRequests
from hub.records.ties import Ties


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDoors:
    """What patients lay down, what is asked of them, what they are told, and what is reviewed for them."""

    consents: Consents
    reads: ConsentReads
    requests: ConsentRequests
    board: NoticeBoard
    proxies: Proxies
    approvals: Approvals
    seconds: SecondRequests
    objections: Objections
    glass: GlassReviews
    ties: Ties

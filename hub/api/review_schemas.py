"""Schemas of the review of pairs for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from hub.api.schema_parts import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NO_COUNT,
    NO_NUMBER,
    NO_TEXT,
    NUMBER,
    TEXT,
    body,
    items,
    made,
)
from hub.kernel.types import Json

_VALUES: Final[Json] = items(TEXT)
_CLAIM: Final[Json] = {"oneOf": [{"type": "null"}, made(who=TEXT, until=INSTANT)]}
_REASON: Final[Json] = made(code=TEXT, text=TEXT)
_PRIORITY: Final[Json] = made(points=COUNT, why=items(made(code=TEXT, text=TEXT, points=COUNT)))
_SIDE: Final[Json] = made(patient=TEXT, person=TEXT)
_BLIND: Final[Json] = made(patient=TEXT)
_COMPARED: Final[Json] = {"comparison": TEXT, "text": TEXT, "level": TEXT, "level_text": TEXT, "bits": NUMBER}
_BESIDE: Final[Json] = items(made(**_COMPARED, first=_VALUES, second=_VALUES))
_NOTES: Final[Json] = items(made(kind={"enum": ["comment", "skip"]}, who=TEXT, text=TEXT, at=INSTANT))
_PAIR: Final[Json] = {
    "number": COUNT,
    "first": _SIDE,
    "second": _SIDE,
    "reason": _REASON,
    "score": NUMBER,
    "model": TEXT,
    "since": INSTANT,
    "priority": _PRIORITY,
    "claim": _CLAIM,
    "proposal": NO_COUNT,
}
_SHARE: Final[Json] = made(yes=COUNT, of=COUNT, share=NO_NUMBER, low=NUMBER, high=NUMBER)

REVIEW: Final[Json] = {
    "Pairs": made(pairs=items(made(**_PAIR))),
    "Pair": made(**_PAIR, evidence=_BESIDE, notes=_NOTES),
    "Effect": made(
        moves=items(made(**{"patient": TEXT, "from": TEXT, "to": TEXT})),
        persons=items(made(person=TEXT, sources=COUNT, consents=COUNT, proxies=COUNT)),
    ),
    "Claim": made(number=COUNT, claim=_CLAIM),
    "Comment": body(("text",), text=TEXT),
    "Notes": made(number=COUNT, notes=_NOTES),
    "Why": body(("reason",), reason=TEXT),
    "Decide": body(("same", "reason"), same=FLAG, reason=TEXT),
    "Decided": {"oneOf": [made(decision=COUNT), made(proposal=COUNT)]},
    "Proposals": made(
        proposals=items(
            made(
                number=COUNT,
                pair=NO_COUNT,
                deed={"enum": ["merge", "apart", "split", "move", "unlink", "reverse"]},
                patients=items(TEXT),
                decision=NO_COUNT,
                who=TEXT,
                reason=TEXT,
                at=INSTANT,
                stale=FLAG,
            )
        )
    ),
    "Refused": made(proposal=COUNT, outcome=TEXT),
    "Opinions": made(
        opinions=items(made(number=COUNT, first=_BLIND, second=_BLIND, evidence=items(made(**_COMPARED))))
    ),
    "Opinion": made(number=COUNT, first=_BLIND, second=_BLIND, evidence=_BESIDE),
    "GiveOpinion": body(("same",), same=FLAG),
    "OpinionGiven": made(opinion=COUNT),
    "Disputed": made(
        disputed=items(made(decision=COUNT, first=TEXT, second=TEXT, linked=FLAG, decided_by=TEXT, reviewed_by=TEXT))
    ),
    "ReviewMeasures": made(
        at=INSTANT,
        queue=items(made(reason=TEXT, pairs=COUNT, oldest=NUMBER, median=NUMBER)),
        proposals=COUNT,
        decisions=items(made(day=DAY, kind=TEXT, decisions=COUNT)),
        opinions=made(waiting=COUNT, disputed=COUNT),
        agreement=_SHARE,
        precision=_SHARE,
        scores=made(
            bounds=items(NUMBER),
            weeks=items(made(model=TEXT, week=DAY, counts=items(COUNT), psi=NO_NUMBER)),
        ),
    ),
    "PersonHistory": made(
        decisions=items(
            made(
                number=COUNT,
                kind=TEXT,
                actor=TEXT,
                who=TEXT,
                message=NO_COUNT,
                first=TEXT,
                second=NO_TEXT,
                score=NO_NUMBER,
                evidence=TEXT,
                model=TEXT,
                note=TEXT,
                at=INSTANT,
                reverses=NO_COUNT,
                standing=FLAG,
                moves=items(items(TEXT)),
            )
        )
    ),
}

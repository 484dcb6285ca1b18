"""A witness: keeps the checkpoints of a log, and takes the next only if it continues the last.

What it kept (`hub.audit.verify`, `--witness`) holds against a hub that writes its history anew and signs it again. A
witness with a key of its own signs what it saw, with the time (C2SP tlog-cosignature), for others to rely on.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Sequence

from hub.audit import verify
from hub.audit.notes import Signer, checkpoint_text
from hub.kernel.clock import Clock
from hub.kernel.types import Json

#: Gives the JSON at a path of the hub.
Fetch = Callable[[str], Json]


class ForkError(Exception):
    """The log shows a tree that does not continue the one that was kept, or is not signed: evidence, to be kept."""


def seen(fetch: Fetch, keys: Sequence[verify.Key], kept: Sequence[str], signer: Signer | None, clock: Clock) -> str:
    """The signed note of the newest checkpoint, cosigned by `signer` if there is one; "" if it is the last of `kept`.

    Raises ForkError, and verify.UnusableError for a note in `kept` that no trusted key signed.
    """
    last = verify.head_of(kept[-1], keys) if kept else None
    note = str(fetch("api/audit/checkpoint")["note"])
    head = _signed(note, keys)
    if last is not None:
        if last.origin != head.origin:
            raise ForkError("another log answers")
        if (last.size, last.root) == (head.size, head.root):
            return ""
        _check(fetch, last, head)
    if signer is None:
        return note
    return note + signer.cosignature(checkpoint_text(head.origin, head.size, head.root), int(clock().timestamp()))


def _signed(note: str, keys: Sequence[verify.Key]) -> verify.Head:
    try:
        return verify.head_of(note, keys)
    except verify.UnusableError as error:
        raise ForkError(str(error)) from None


def _check(fetch: Fetch, last: verify.Head, head: verify.Head) -> None:
    if head.size <= last.size:
        raise ForkError(f"the tree has {head.size} leaves, and had {last.size} with another root")
    told = fetch(f"api/audit/proof/consistency?first={last.size}&second={head.size}")
    if not verify.continues(last, head, [b64decode(one) for one in told["proof"]]):
        raise ForkError(f"the tree of {head.size} leaves does not continue that of {last.size}")

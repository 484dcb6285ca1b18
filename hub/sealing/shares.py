"""The master key as shares of words, some of which make it again (SLIP-39: Shamir's scheme with checksums).

Fewer shares tell nothing of the key. A word that was misread is found by the share's checksum, and shares that do not
belong together by the key's digest. Shares that meet make the whole key in one memory: it is a ceremony at the start,
no signature by several.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.sealing.suites import Suite

NEEDED: Final = 2
SHARES: Final = 3
_PURPOSE: Final = "check"


@dataclass(frozen=True, slots=True)
class Share:
    """One keeper's words; `index` tells it from the others of the same key, `group` the key it is of."""

    words: str
    index: int
    group: int
    needed: int


def split(master: bytes, *, needed: int = NEEDED, shares: int = SHARES) -> list[str]:
    """Shares of the master key, 33 words each. Raises HubError INVALID unless 2 <= needed <= shares <= 16."""
    from shamir_mnemonic import generate_mnemonics

    if not 2 <= needed <= shares <= 16:
        raise HubError(Category.INVALID, "a key is split into 2 to 16 shares of which at least 2 are needed")
    words: list[list[str]] = generate_mnemonics(1, [(needed, shares)], master)
    return words[0]


def read(words: str) -> Share:
    """A share as it was given. Raises HubError INVALID, which repeats none of the words."""
    from shamir_mnemonic import MnemonicError
    from shamir_mnemonic import Share as Slip39Share

    text = " ".join(words.lower().split())
    try:
        share = Slip39Share.from_mnemonic(text)
    except MnemonicError:
        raise HubError(
            Category.INVALID,
            "is no share: a word is wrong, missing or out of place",
            where="share",
            todo="read it again",
        ) from None
    return Share(text, share.index, share.identifier, share.member_threshold)


def combined(shares: Collection[Share], check: str) -> bytes:
    """The master key of exactly as many shares as are needed. Raises HubError INVALID if they make another one."""
    from shamir_mnemonic import MnemonicError, combine_mnemonics

    try:
        master: bytes = combine_mnemonics([share.words for share in shares])
    except MnemonicError:
        raise _other() from None
    if check_of(master) != check:
        raise _other()
    return master


def check_of(master: bytes) -> str:
    """Tells whether a master key is the right one, and nothing of it."""
    return Suite.AES_256_GCM.derived(master, _PURPOSE)[:8].hex()


def _other() -> HubError:
    return HubError(
        Category.INVALID, "these shares do not make the master key of this hub", where="share", todo="begin again"
    )

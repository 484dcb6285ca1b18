"""The shares that keepers have given so far, held until there are enough of them. No I/O."""

from __future__ import annotations

from hub.kernel.errors import HubError
from hub.sealing.shares import Share, combined, read


class Ceremony:
    """`check` is that of the master key, `needed` how many shares make it. `master` is None until they have."""

    def __init__(self, check: str, needed: int) -> None:
        self._check = check
        self.needed = needed
        self.master: bytes | None = None
        self._shares: dict[int, Share] = {}

    @property
    def have(self) -> int:
        """How many shares were given."""
        return self.needed if self.master is not None else len(self._shares)

    def give(self, words: str) -> None:
        """Take a share; one that was given before counts once.

        Raises HubError INVALID for words that are no share, or shares that do not belong together: then all are
        forgotten, and the keepers begin again.
        """
        share = read(words)
        if self.master is not None:
            return
        if any(share.group != other.group for other in self._shares.values()):
            self._shares.clear()
        self._shares[share.index] = share
        if len(self._shares) < self.needed:
            return
        given, self._shares = list(self._shares.values()), {}
        self.master = combined(given, self._check)


def attempt(ceremony: Ceremony, words: str) -> str:
    """Give a share; what was wrong with it, "" for nothing."""
    try:
        ceremony.give(words)
    except HubError as error:
        return f"{error.what}; {error.todo}"
    return ""

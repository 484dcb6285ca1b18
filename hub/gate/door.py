"""What every way through the gate shares: the means, admission by the token, page sizes, the one refusal."""

from __future__ import annotations

from dataclasses import dataclass

from hub.auth.directory import Directory
from hub.auth.scopes import Letter
from hub.db.database import Database
from hub.gate.pages import Seal
from hub.gate.recorder import Asked, Recorder
from hub.gate.visible import admit
from hub.kernel.errors import Category, HubError
from hub.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The means of the gate."""

    database: Database
    store: Store
    directory: Directory
    seal: Seal
    recorder: Recorder
    page_size: int
    page_limit: int
    base_url: str

    async def admit(self, asked: Asked, letter: Letter) -> None:
        """Raise HubError FORBIDDEN, recorded, when the token leaves this request out."""
        try:
            admit(asked.actor, asked.type or "*", letter)
        except HubError as refusal:
            await self.recorder.refused(asked, refusal.code)
            raise

    def size(self, count: int | None) -> int:
        """Entries of a page when `count` are asked for."""
        return min(self.page_size if count is None else count, self.page_limit)


def not_found() -> HubError:
    """What is absent and what is denied are both told with this."""
    return HubError(Category.NOT_FOUND, "no such resource", where="URL")

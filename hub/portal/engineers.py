"""Who works on feeds and codes: they see no record."""

from __future__ import annotations

from hub.auth.accounts import WATCHERS
from hub.kernel.errors import Category, HubError
from hub.pipeline.engineer import Engineer
from hub.portal.visit import Visit


def engineer(visit: Visit) -> Engineer:
    """The engineer or administrator whose visit it is. Raises HubError FORBIDDEN for another role."""
    actor = visit.actor()
    if actor.role not in WATCHERS:
        raise HubError(Category.FORBIDDEN, "this account works on no feeds", where="account")
    return visit.services.engineer(actor, visit.origin)

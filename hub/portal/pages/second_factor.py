"""Setting up one-time codes: a device is told a secret, and shows that it has it before codes are asked for."""

from __future__ import annotations

from starlette.responses import Response

from hub.auth.second_factor import Device
from hub.kernel.errors import Category, HubError
from hub.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """A new device to set up, or that there is one."""
    name = visit.signed_in.account.name
    enrolled = await visit.services.second_factors.is_enrolled(name)
    return _page(visit, None if enrolled else visit.services.second_factors.device(name))


async def enrol(visit: Visit) -> Response:
    """Check password and code, and show the recovery codes, this once."""
    session, services, form = visit.signed_in, visit.services, visit.form
    name = session.account.name
    if await services.second_factors.is_enrolled(name):
        return _page(visit, None)
    try:
        if await services.accounts.verify(name, form.get("password", ""), address=visit.origin.address) is None:
            raise HubError(Category.INVALID, "is wrong", where="password")
        codes = await services.second_factors.enrol(name, form.get("secret", ""), form.get("code", ""))
    except HubError as error:
        if error.category is not Category.INVALID:
            raise
        return _page(visit, services.second_factors.device(name), 422, problem="factor_wrong")
    await services.sign_ins.device(visit.actor(), "added", origin=visit.origin)
    return _page(visit, None, codes=codes)


def _page(
    visit: Visit, device: Device | None, status: int = 200, *, problem: str = "", codes: list[str] | None = None
) -> Response:
    return visit.render("second_factor.html", status, device=device, problem=problem, codes=codes or [])

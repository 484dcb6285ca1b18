"""The routes of the pages."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from hub.portal.files import file_route
from hub.portal.pages import find, looked, record, sign_in
from hub.portal.services import PortalServices
from hub.portal.visit import Page, endpoint


def portal_routes(services: PortalServices) -> list[BaseRoute]:
    """Every page; what changes something is a POST."""

    def route(path: str, *, get: Page | None = None, post: Page | None = None) -> Route:
        methods = [name for name, page in (("GET", get), ("POST", post)) if page]
        return Route(path, endpoint(services, get=get, post=post), methods=methods)

    return [
        route("/", get=sign_in.start),
        route("/sign-in", post=sign_in.sign_in),
        route("/sign-out", post=sign_in.sign_out),
        route("/find", get=find.ask, post=find.find),
        route("/record", get=record.own),
        route("/record/{person}", get=record.show),
        route("/record/{person}/sheet", get=record.sheet),
        route("/record/{person}/emergency", get=record.back, post=record.declare),
        route("/record/{person}/emergency/end", post=record.withdraw),
        route("/looked", get=looked.show),
        file_route(),
    ]

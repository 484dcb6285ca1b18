"""The routes of the pages."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from hub.portal.files import file_route
from hub.portal.pages import (
    authorize,
    care,
    clinic,
    codes,
    consent_wizard,
    consents,
    external,
    feeds,
    find,
    look,
    looked,
    notices,
    proxies,
    record,
    report,
    review,
    second_factor,
    sign_in,
)
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
        route(external.ADDRESS, get=external.begin),
        route(external.CALLBACK, get=external.arrive),
        route("/sign-out", post=sign_in.sign_out),
        route("/find", get=find.ask, post=find.find),
        route("/second-factor", get=second_factor.show, post=second_factor.enrol),
        route("/record", get=record.own),
        route("/record/{person}", get=record.show),
        route("/record/{person}/sheet", get=record.sheet),
        route("/record/{person}/emergency", get=record.back, post=record.declare),
        route("/record/{person}/emergency/end", post=record.withdraw),
        route("/record/{person}/open", get=record.back, post=record.open_app),
        route("/looked", get=looked.show),
        route("/looked/report", get=report.show),
        route("/looked/report/file", get=report.file),
        route("/looked/{id}", get=look.show, post=look.objection),
        route("/consents", get=consents.mine),
        route("/consents/new", get=consent_wizard.choose),
        route("/consents/new/{template}", get=consent_wizard.fill),
        route("/consents/look", get=consent_wizard.again, post=consent_wizard.look),
        route("/consents/confirm", post=consent_wizard.confirm),
        route("/consents/requests/{id}", get=consents.show_request, post=consents.answer),
        route("/consents/{id}", get=consents.one),
        route("/consents/{id}/withdraw", get=consents.ask_withdraw, post=consents.withdraw),
        route("/notices", get=notices.show),
        route("/notices/seen", post=notices.seen),
        route("/care", get=care.show),
        route("/proxies", get=proxies.show, post=proxies.appoint),
        route("/proxies/{id}/end", post=proxies.dismiss),
        route("/ask", get=clinic.ask, post=clinic.send),
        route("/second", get=clinic.second, post=clinic.ask_second),
        route("/second/{id}", post=clinic.answer_second),
        route("/feeds", get=feeds.show),
        route("/review", get=review.show),
        route("/review/glass/{id}", post=review.glass),
        route("/review/objection/{id}", post=review.objection),
        route("/codes", get=codes.show, post=codes.approve),
        route("/codes/one", get=codes.one),
        route(authorize.ADDRESS, get=authorize.show, post=authorize.decide),
        file_route(),
    ]

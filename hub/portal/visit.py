"""One request of a browser: who asks by the session, in which language; and the frame every page is answered in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.auth.actor import Actor
from hub.auth.sessions import Session, form_token
from hub.fhir.temporal import CHINA
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError, TooSoonError
from hub.portal import security
from hub.portal.render import page
from hub.portal.services import PortalServices
from hub.portal.texts import LANGUAGES, Language, Texts, texts_of

#: Largest form, in bytes: ours hold a few short fields.
LARGEST_FORM: Final = 16 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page is made from. `session_id` is that of the cookie, with a session or without."""

    request: Request
    services: PortalServices
    number: str
    say: Texts
    session_id: str
    session: Session | None
    form: Mapping[str, str]

    @property
    def origin(self) -> Origin:
        client = self.request.client
        return Origin(address=client.host if client else "", request=self.number)

    @property
    def today(self) -> date:
        return self.services.clock().astimezone(CHINA).date()

    @property
    def signed_in(self) -> Session:
        """The session. Raises HubError UNAUTHENTICATED without one."""
        if self.session is None:
            raise HubError(Category.UNAUTHENTICATED, "not signed in", where="session", todo="sign in")
        return self.session

    def actor(self, patient: str | None = None) -> Actor:
        """Who asks, for a page about `patient`."""
        return self.signed_in.actor(patient)

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page in the language of the visit."""
        frame = {
            "t": self.say,
            "session": self.session,
            "facility": self._facility(),
            "token": form_token(self.session_id) if self.session_id else "",
            "path": self.request.url.path if self.request.method == "GET" else "/",
            "in_other_language": self._in_other_language(),
            "version": self.services.version,
        }
        return page(template, status, **frame, **values)

    def _in_other_language(self) -> str:
        """This page again; after a form was sent, the page it came from is not known to be one."""
        if self.request.method != "GET" and not self.request.url.query:
            return f"/?lang={self.say.other}"
        pairs = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        return f"{self.request.url.path}?{urlencode([*pairs, ('lang', self.say.other)])}"

    def _facility(self) -> str:
        code = self.session.account.organization if self.session else ""
        return self.services.directory.name(code) or ""


Page = Callable[[Visit], Awaitable[Response]]


def endpoint(services: PortalServices, *, get: Page | None = None, post: Page | None = None) -> Any:
    """A Starlette endpoint that answers with these pages, or with the page of a refusal."""

    async def answer(request: Request) -> Response:
        number = services.new_number()
        say = texts_of(_language(request))
        bare = Visit(request=request, services=services, number=number, say=say, session_id="", session=None, form={})
        try:
            response = await _answer(bare, get, post)
        except HubError as error:
            response = refusal(bare, error)
        except Exception as error:
            services.log.failure("page-failed", error, method=request.method, request=number)
            response = bare.render("error.html", 500, kind="fault", number=number)
        if request.query_params.get("lang") in LANGUAGES:
            security.set_language(response, say.language, secure=services.secure)
        return response

    return answer


async def _answer(bare: Visit, get: Page | None, post: Page | None) -> Response:
    request, services = bare.request, bare.services
    posted = request.method == "POST"
    wanted = post if posted else get
    if wanted is None:
        raise HubError(Category.NOT_FOUND, "no such page", where="URL")
    session_id = security.session_id(request, secure=services.secure)
    form = await _form(request) if posted else {}
    if posted and not security.is_ours(request, form, session_id):
        raise HubError(Category.FORBIDDEN, "not sent from a page of this hub", where="form", code="foreign-form")
    session = await services.sessions.find(session_id) if session_id else None
    visit = Visit(
        request=request, services=services, number=bare.number, say=bare.say, session_id=session_id,
        session=session, form=form,
    )  # fmt: skip
    try:
        return await wanted(visit)
    except HubError as error:
        return refusal(visit, error)


def refusal(visit: Visit, error: HubError) -> Response:
    """The page of a refusal; it tells what to do, never what was hidden."""
    if error.category is Category.UNAUTHENTICATED:
        return to_sign_in(visit)
    if error.category is Category.NOT_FOUND:
        return visit.render("error.html", 404, kind="not_found", number=visit.number)
    if error.category is Category.FORBIDDEN:
        kind = "form" if error.code == "foreign-form" else "role"
        return visit.render("error.html", 403, kind=kind, number=visit.number)
    if isinstance(error, TooSoonError):
        visit.services.log.event("page-too-soon", level="WARNING", code=error.code, request=visit.number)
        response = visit.render("error.html", 429, kind="soon", number=visit.number, seconds=error.seconds)
        response.headers["retry-after"] = str(error.seconds)
        return response
    status = 503 if error.category is Category.UNAVAILABLE else 413 if error.category is Category.TOO_LARGE else 500
    visit.services.log.event(
        "page-refused", level="WARNING", category=error.category.value, code=error.code, request=visit.number
    )
    return visit.render("error.html", status, kind="fault", number=visit.number)


def to_sign_in(visit: Visit) -> Response:
    """To the sign-in page; a part of a page that htmx asked for takes the whole window there."""
    if "hx-request" in visit.request.headers:
        return Response(status_code=204, headers={**security.HEADERS, "hx-redirect": "/"})
    return see_other("/")


def see_other(address: str) -> Response:
    """Go on to another page of ours."""
    return RedirectResponse(address, 303, headers=dict(security.HEADERS))


def _language(request: Request) -> Language:
    """The language asked for, else the remembered one, else Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(security.LANGUAGE_COOKIE)
    return next((language for language in LANGUAGES if language == asked), "zh")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once, trimmed. Raises HubError TOO_LARGE or UNREADABLE."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HubError(Category.FORBIDDEN, "not a form", where="Content-Type", code="foreign-form")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HubError(Category.TOO_LARGE, "over the limit", where="form")
    pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=50)
    return {name: value.replace("\x00", "") for name, value in pairs}

"""A client chooses the URL: the hub speaks to what the consortium allows, at the address it judged, to nothing else.

Attacks of server-side request forgery (OWASP): hosts that are not listed, odd spellings of addresses, names that
resolve anew, redirections, answers without end. Backport 1.1.0, safety_security.html.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.directory import Directory
from hub.events.headers import Seal, read_headers
from hub.events.line import line
from hub.events.receivers import Receivers
from hub.kernel.addresses import permitted
from hub.kernel.consortium import Receiver as Allowed
from hub.kernel.errors import Category, HubError
from tests.api.house import code, patient
from tests.auth.consortium import CONSORTIUM
from tests.connectors.test_tls import issued
from tests.events.house import Telled, in_telling
from tests.events.receiver import Receiver, receiving

OK = Allowed(facility="F05", host="app.example.org")
LOCAL = Allowed(
    facility="F05", host="local.example.org", port=8080, networks=("127.0.0.0/8", "::1/128"), plaintext=True
)


def receivers(*allowed: Allowed) -> Receivers:
    return Receivers(Directory(CONSORTIUM), allowed)


def refused(url: str, organization: str = "F05", *allowed: Allowed) -> HubError:
    with pytest.raises(HubError) as caught:
        receivers(*(allowed or (OK, LOCAL))).target(url, organization)
    return caught.value


def test_without_a_list_nothing_is_allowed() -> None:
    with pytest.raises(HubError) as caught:
        receivers().target("https://app.example.org/x", "F05")
    assert (caught.value.category, caught.value.code) == (Category.FORBIDDEN, "receiver")


def test_a_listed_host_is_reached_at_its_port_and_path() -> None:
    target = receivers(OK).target("https://APP.example.org/notify?a=b", "F05")
    assert (target.secure, target.host, target.port, target.path) == (True, "app.example.org", 443, "/notify?a=b")
    assert target.authority == "app.example.org"
    assert receivers(LOCAL).target("http://local.example.org:8080", "F05").authority == "local.example.org:8080"


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.org/",
        "https://app.example.org:8443/",
        "http://app.example.org/",
        "http://app.example.org:443/",
        "https://app.example.org.evil.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_what_is_not_listed_is_refused(url: str) -> None:
    assert refused(url).code == "receiver"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://app.example.org/",
        "file:///etc/passwd",
        "app.example.org/x",
        "https:///x",
        "https://user@app.example.org/",
        "https://user:pw@app.example.org/",
        "https://app.example.org#@evil.example/",
        "https://app.example.org\\@evil.example/",
        "https://app.example.org/a b",
        "https://app.example.org/\r\nHost: evil",
        "https://app.example.org:99999/",
        "https://app.example.org%00.evil.example/",
        "https://[app.example.org/",
        "https://äpp.example.org/",
        "https://app.example.org/" + "x" * 3000,
    ],
)
def test_what_is_no_plain_url_is_refused_and_not_repeated(url: str) -> None:
    error = refused(url)
    assert error.code == "endpoint"
    assert "evil" not in str(error)
    assert "pw" not in str(error)


@given(st.text(max_size=60))
def test_no_text_is_taken_for_a_listed_url(text: str) -> None:
    with pytest.raises(HubError):
        receivers(OK).target("https://app.example.org" + "@" + text, "F05")


def test_a_member_sends_to_its_own_receivers_only() -> None:
    assert refused("https://app.example.org/", "F01").code == "receiver"
    assert refused("https://app.example.org/", "").code == "receiver"
    hospital = Allowed(facility="F01", host="app.example.org")
    assert receivers(hospital).target("https://app.example.org/", "F01-ICU").host == "app.example.org"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must not be connected to
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
    ],
)
def test_without_networks_only_public_addresses_are_connected_to(address: str) -> None:
    assert permitted([address]) == []


def test_public_addresses_and_those_of_the_networks_are_connected_to() -> None:
    assert [str(one) for one in permitted(["10.0.0.1", "93.184.215.14", "2606:2800::1"])] == [
        "93.184.215.14",
        "2606:2800::1",
    ]
    networks = receivers(LOCAL).target("http://local.example.org:8080/", "F05").receiver.networks
    assert [str(one) for one in permitted(["93.184.215.14", "::ffff:127.0.0.5"], networks)] == ["127.0.0.5"]


def resolving(*answers: Sequence[str]) -> Any:
    """A resolver that answers otherwise each time."""
    left = list(answers)

    async def resolver(_: str, __: int) -> Sequence[str]:
        return left.pop(0)

    return resolver


async def post(receiver: Receiver, resolver: Any, *, seconds: float = 5, **changes: Any) -> int:
    allowed = receiver.allowed(**changes)
    target = receivers(allowed).target(receiver.url, "F05")
    async with line(target, resolver=resolver) as open_line:
        return await open_line.post(b"{}", "application/fhir+json", [], seconds)


def failure(answer: bytes | None = b"", *, seconds: float = 5, resolver: Any = None, **changes: Any) -> str:
    """The code of what a delivery ends with."""

    async def run() -> str:
        async with receiving() as receiver:
            receiver.answers = [answer]
            with pytest.raises(HubError) as caught:
                await post(receiver, resolver or resolving(["127.0.0.1"]), seconds=seconds, **changes)
            return caught.value.code

    return asyncio.run(run())


def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    async def run() -> int:
        async with receiving() as receiver:
            # A name nobody resolves but the resolver that is asked once.
            allowed = receiver.allowed(host="receiver.invalid")
            target = receivers(allowed).target(f"http://receiver.invalid:{receiver.port}/", "F05")
            async with line(target, resolver=resolving(["127.0.0.1"])) as open_line:
                status = await open_line.post(b"{}", "application/fhir+json", [], 5)
            assert receiver.posts[0].headers["host"] == f"receiver.invalid:{receiver.port}"
            return status

    assert asyncio.run(run()) == 200


def test_a_name_that_resolves_to_an_address_outside_is_not_connected_to() -> None:
    assert failure(networks=("10.0.0.0/8",)) == "receiver-address"


def test_a_receiver_that_says_nothing_is_left_in_time() -> None:
    assert failure(None, seconds=0.2) == "receiver-timeout"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000 + b"\r\n"])
def test_an_answer_that_is_no_http_is_a_failure(answer: bytes) -> None:
    assert failure(answer) == "receiver-broke-off"


def test_of_a_body_without_end_no_more_than_a_little_is_read() -> None:
    async def run() -> int:
        async with receiving() as receiver:
            receiver.answers = [b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 300_000]
            return await post(receiver, resolving(["127.0.0.1"]))

    assert asyncio.run(run()) == 200


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_a_refusal_and_not_followed(database_url: str, status: int) -> None:
    async def visit(telled: Telled) -> None:
        where = f"http://127.0.0.1:{telled.receiver.port}/elsewhere"
        telled.receiver.answers = [
            f"HTTP/1.1 {status} Moved\r\nlocation: {where}\r\ncontent-length: 0\r\n\r\n".encode()
        ]
        made = await telled.subscribe()
        assert (made["status"], made["error"]) == ("error", f"receiver-{status}")
        assert [post.target for post in telled.receiver.posts] == ["/notify?x=1"]

    in_telling(database_url, visit)


def test_a_name_that_moves_to_an_inner_address_after_the_handshake_is_told_nothing(database_url: str) -> None:
    resolver = resolving(["127.0.0.1"], ["10.0.0.7"])

    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        await telled.home.create(patient())
        await telled.tell()
        assert [post.kind for post in telled.receiver.posts] == ["handshake"]
        assert (await telled.desk.shown(sid)).error == "receiver-address"

    in_telling(database_url, visit, resolver=resolver)


def test_a_receiver_taken_off_the_list_is_told_no_more(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        sid = (await telled.subscribe())["id"]
        telled.courier._receivers = receivers()  # type: ignore[misc]
        await telled.home.create(patient())
        await telled.tell()
        assert not telled.receiver.events
        assert (await telled.standing(sid))["error"] == "receiver"

    in_telling(database_url, visit)


def test_a_subscription_to_a_host_that_is_not_listed_is_refused_when_it_is_made(database_url: str) -> None:
    async def visit(telled: Telled) -> None:
        wanted = telled.wanted()
        wanted["channel"]["endpoint"] = "https://169.254.169.254/latest"
        answer = await telled.home.ask("POST", "/Subscription", wanted)
        assert (answer.status_code, code(answer)) == (403, "receiver")
        assert "169.254" not in answer.text

    in_telling(database_url, visit)


def test_a_certificate_must_be_of_the_authority_and_of_the_name(tmp_path: Path) -> None:
    authority, stranger = issued(tmp_path, "authority"), issued(tmp_path, "stranger")
    pair = issued(tmp_path, "server", authority)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)

    async def status(host: str, trusted: Path) -> int:
        async with receiving(context) as receiver:
            allowed = Allowed(
                facility="F05", host=host, port=receiver.port, networks=("127.0.0.0/8",), authority=trusted
            )
            target = receivers(allowed).target(f"https://{host}:{receiver.port}/", "F05")
            async with line(target, resolver=resolving(["127.0.0.1"])) as open_line:
                return await open_line.post(b"{}", "application/fhir+json", [], 5)

    assert asyncio.run(status("127.0.0.1", authority.certificate)) == 200
    for host, trusted in (("127.0.0.1", stranger.certificate), ("app.example.org", authority.certificate)):
        with pytest.raises(HubError) as caught:
            asyncio.run(status(host, trusted))
        assert caught.value.code == "receiver-certificate"


def test_headers_open_with_their_key_and_for_their_subscription_only() -> None:
    seal = Seal(bytes(32))
    sealed = seal.close("a", ("X-Key: secret",))
    assert sealed is not None
    assert b"secret" not in sealed
    assert seal.open("a", sealed) == ("X-Key: secret",)
    assert seal.close("a", ("X-Key: secret",)) != sealed
    for other, sid in ((Seal(bytes(31) + b"x"), "a"), (seal, "b")):
        with pytest.raises(HubError):
            other.open(sid, sealed)


@given(st.text(max_size=40))
def test_no_header_carries_another_line(text: str) -> None:
    try:
        (line_,) = read_headers([f"X-A: {text}"], True) or ("",)
    except HubError as error:
        assert text == "" or text not in str(error) or len(text) < 3
        return
    assert "\r" not in line_
    assert "\n" not in line_
    assert line_.isascii()

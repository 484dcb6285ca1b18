"""A feed with TLS serves only those who trust it, and with a client authority only those it trusts."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.mllp.delivery import transport
from connectors.mllp.sender import Sender
from connectors.mllp.tls import client_context, server_context
from hub.kernel.consortium import Feed, Tls
from hub.kernel.errors import Category, HubError
from hub.kernel.outbound_feed import ClientTls, OutboundFeed
from hub.kernel.types import Verdict, Written
from tests.connectors.harness import adt, msa, running
from tests.connectors.pacs import listening


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files and as objects."""

    certificate: Path
    key: Path
    signer: ec.EllipticCurvePrivateKey
    subject: x509.Name


def issued(folder: Path, name: str, authority: Pair | None = None, *, days: int = 1, ca: bool = False) -> Pair:
    """A certificate for 127.0.0.1, by itself or by an authority; it ends in so many days, or did so long ago.

    Without the extensions RFC 5280 asks for (key identifiers, key usage), as authorities of hospitals issue them.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca or authority is None, path_length=None), critical=True)
    )
    certificate = builder.sign(authority.signer if authority else key, hashes.SHA256())
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key", key, subject)
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pair


@dataclass(frozen=True)
class Trust:
    """Two authorities, the hub's certificate, a client's of each, one that has ended, one of another hospital."""

    hub: Pair
    ours: Pair
    theirs: Pair
    client: Pair
    stranger: Pair
    ended: Pair
    neighbour: Pair


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = issued(folder, "our-ca"), issued(folder, "their-ca")
    return Trust(
        hub=issued(folder, "hub", ours),
        ours=ours,
        theirs=theirs,
        client=issued(folder, "his.f01", ours),
        stranger=issued(folder, "stranger", theirs),
        ended=issued(folder, "his.f01-ended", ours, days=-1),
        neighbour=issued(folder, "his.f02", ours),
    )


def feed_of(trust: Trust, *, clients: bool, named: tuple[str, ...] = ()) -> Feed:
    authority = trust.ours.certificate if clients else None
    tls = Tls(certificate=trust.hub.certificate, key=trust.hub.key, client_ca=authority, clients=named)
    return Feed(name="f01-his", facility="F01", transport="mllp", tls=tls)


def test_a_sender_that_trusts_the_hub_is_served(trust: Trust) -> None:
    async def talk() -> None:
        async with running(feed_of(trust, clients=False)) as feed:
            context = client_context(trust.ours.certificate)
            async with Sender("127.0.0.1", feed.port, tls=context, seconds=5) as sender:
                assert [a.code async for a in sender.send([adt("C1"), adt("C2")])] == ["AA", "AA"]

    asyncio.run(talk())


def test_an_authority_below_another_is_trusted_by_its_own_certificate(tmp_path: Path) -> None:
    region = issued(tmp_path, "region-ca")
    county = issued(tmp_path, "county-ca", region, ca=True)
    pair = issued(tmp_path, "county-hub", county)
    feed = Feed(name="f01", facility="F01", transport="mllp", tls=Tls(certificate=pair.certificate, key=pair.key))

    async def talk() -> None:
        trusted = client_context(county.certificate)
        async with running(feed) as its, Sender("127.0.0.1", its.port, tls=trusted, seconds=5) as sender:
            assert [a.code async for a in sender.send([adt("C1")])] == ["AA"]

    asyncio.run(talk())


def test_who_names_an_authority_trusts_nobody_else(trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trust.theirs.certificate))  # that of the machine
    named, machine = client_context(trust.ours.certificate), client_context(None)
    for context, common in ((named, "our-ca"), (machine, "their-ca")):
        assert [one["subject"] for one in context.get_ca_certs()] == [((("commonName", common),),)]


def test_the_subject_of_a_client_certificate_is_kept_with_the_message(trust: Trust) -> None:
    async def talk() -> None:
        async with running(feed_of(trust, clients=True, named=("other", "his.f01"))) as feed:
            context = client_context(trust.ours.certificate, trust.client.certificate, trust.client.key)
            async with feed.peer(ssl=context) as peer:
                assert msa(await peer.exchange(adt())) == ("AA", "C1")
            assert feed.inbox.received[0].peer == "127.0.0.1 CN=his.f01"

    asyncio.run(talk())


@pytest.mark.parametrize(("shown", "taken"), [("client", True), ("neighbour", False), ("none", False)])
def test_a_dicom_feed_takes_the_certificates_it_names_whatever_title_they_call_by(
    trust: Trust, shown: str, taken: bool
) -> None:
    async def talk() -> None:
        pair: Pair | None = getattr(trust, shown, None)
        context = client_context(trust.ours.certificate, *((pair.certificate, pair.key) if pair else ()))
        tls = feed_of(trust, clients=True, named=("his.f01",)).tls
        async with listening(senders=("CT01",), tls=tls) as feed:
            assert await feed.send(title="CT01", tls=context) == ([0] if taken else [])
            assert await feed.send(title="CT02", tls=context) == []

    asyncio.run(talk())


@pytest.mark.parametrize("shown", ["none", "stranger", "ended", "neighbour"])
def test_a_client_without_a_certificate_of_the_authority_is_not_served(trust: Trust, shown: str) -> None:
    """Nor one whose certificate has ended, or is of the right authority and another hospital's (attacks 48, 49)."""

    async def talk() -> None:
        pair: Pair | None = getattr(trust, shown, None)
        given = (pair.certificate, pair.key) if pair else ()
        async with running(feed_of(trust, clients=True, named=("his.f01",))) as feed:
            with pytest.raises(HubError) as refusal:
                context = client_context(trust.ours.certificate, *given)
                async with Sender("127.0.0.1", feed.port, tls=context, seconds=5) as sender:
                    [a async for a in sender.send([adt()])]
            assert refusal.value.category is Category.UNAVAILABLE
            assert feed.inbox.asked == []

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("authority", "shown", "served"),
    [("ours", "client", True), ("theirs", "client", False), ("ours", "stranger", False)],
)
def test_an_outbound_feed_delivers_to_whom_it_trusts_and_who_trusts_it(
    trust: Trust, authority: str, shown: str, *, served: bool
) -> None:
    async def deliver(port: int) -> Verdict:
        pair: Pair = getattr(trust, shown)
        tls = ClientTls(authority=getattr(trust, authority).certificate, certificate=pair.certificate, key=pair.key)
        out = OutboundFeed(
            name="to-f01",
            facility="F01",
            transport="mllp",
            host="127.0.0.1",
            port=port,
            events=("ADT^A31",),
            tls=tls,
            timeout=5,
        )
        async with transport(out)() as carrier:
            (said,) = [each async for each in carrier.carry([Written(raw=adt(), control="C1")])]
        return said.verdict

    async def talk() -> None:
        async with running(feed_of(trust, clients=True)) as feed:
            if served:
                assert await deliver(feed.port) is Verdict.TAKEN
                assert feed.inbox.received[0].peer == "127.0.0.1 CN=his.f01"
                return
            with pytest.raises(HubError) as refusal:
                await deliver(feed.port)
            assert refusal.value.category is Category.UNAVAILABLE
            assert refusal.value.code in {"receiver-away", "receiver-no-answer"}
            assert feed.inbox.asked == []

    asyncio.run(talk())


def test_a_sender_does_not_talk_to_a_hub_it_does_not_trust(trust: Trust) -> None:
    async def talk() -> None:
        async with running(feed_of(trust, clients=False)) as feed:
            with pytest.raises(HubError) as refusal:
                async with Sender("127.0.0.1", feed.port, tls=client_context(trust.theirs.certificate), seconds=5):
                    raise AssertionError("connected")
            assert "SSLCertVerificationError" in refusal.value.what

    asyncio.run(talk())


def test_plain_text_on_a_feed_with_tls_is_not_served(trust: Trust) -> None:
    async def talk() -> None:
        async with running(feed_of(trust, clients=False)) as feed, feed.peer() as peer:
            await peer.send(adt())
            with pytest.raises((EOFError, ConnectionError)):
                while True:
                    await peer.ack()
            assert feed.inbox.asked == []

    asyncio.run(talk())


def test_versions_before_1_2_are_not_spoken(trust: Trust) -> None:
    tls = feed_of(trust, clients=True).tls
    assert tls is not None
    assert server_context(tls).minimum_version is ssl.TLSVersion.TLSv1_2
    assert server_context(tls).verify_mode is ssl.CERT_REQUIRED


def test_a_file_that_holds_no_certificate_is_named(trust: Trust, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    for tls in (
        Tls(certificate=wrong, key=trust.hub.key),
        Tls(certificate=tmp_path / "absent.pem", key=trust.hub.key),
        Tls(certificate=trust.hub.certificate, key=trust.hub.key, client_ca=wrong),
    ):
        with pytest.raises(HubError) as refusal:
            server_context(tls)
        assert refusal.value.category is Category.INVALID
        assert refusal.value.where.endswith(".pem")

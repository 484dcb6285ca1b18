"""The consortium file: facilities, feeds and policy, as an engineer writes them in YAML."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from hub.kernel import archive, broker, external_sign_in, outbound_feed
from hub.kernel.addresses import is_loopback, is_network
from hub.kernel.archive import Archive
from hub.kernel.broker import Broker
from hub.kernel.consortium_schema import SCHEMA
from hub.kernel.expected import NOTHING, Expected, expected
from hub.kernel.external_sign_in import ExternalProvider
from hub.kernel.outbound_feed import OutboundFeed
from hub.kernel.yamlfile import Complaint, YamlFile, check, read, refuse

#: What is said of a feed that listens on a port.
_LISTENER: Final = frozenset({"host", "port", "senders", "peers", "queries_per_minute", "plaintext", "tls", "worklist"})
#: Which of it the transports have that do.
_PORTS: Final = {"mllp": _LISTENER - {"worklist"}, "dicom": _LISTENER - {"queries_per_minute"}}
#: The format of transports that carry no other.
_ONLY_FORMAT: Final = {"mllp": "hl7v2", "dicom": "dicom", "archive": "dicom", "mqtt": "device"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A member organisation. `code` is the id of its Organization resource.

    `trust`: whose demographics survive in golden records where sources differ, the higher first; none: as of what it is
    part of.
    """

    code: str
    name: str
    part_of: str | None = None
    legal_entity: bool = True
    trust: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Server certificate and key (PEM files) of a feed; `client_ca` makes client certificates compulsory.

    `clients` are the names (CN, or DNS of the alternative ones) of those that may come; none: all of that authority.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One incoming interface of a facility. `validation` None: what its messages become is not judged again.

    `concept_maps` are asked what its codes mean, by system and code.

    `format` is what its messages are written in; `folder` is watched, of the transport of that name; with
    a `marker`, a file waits for one of its name with that ending. `clients` alone may send over http, if any are named.
    `queries` are answered in a minute, 0 for none. `archive` is where the images are that its messages tell of, asked
    every `poll_seconds` (0: never) where its transport is `archive`, and sooner when a feed of `told_by` brings an
    order or a report. `broker` is where its messages are published.
    `devices`: HL7 v2 messages without a patient are of whoever has the device. `worklist`: its senders may ask for
    the facility's modality worklist.
    """

    name: str
    facility: str
    transport: str
    format: str = "hl7v2"
    folder: Path | None = None
    marker: str = ""
    clients: tuple[str, ...] = ()
    profile: Path | None = None
    validation: Literal["lenient", "strict"] | None = None
    concept_maps: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    senders: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    plaintext: bool = False
    tls: Tls | None = None
    queries: int = 0
    archive: str = ""
    poll_seconds: int = 60
    told_by: tuple[str, ...] = ()
    broker: Broker | None = None
    devices: bool = False
    worklist: bool = False
    expected: Expected = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A host to which the subscriptions of a facility may send. `networks` are those its addresses must lie in."""

    facility: str
    host: str
    port: int = 443
    networks: tuple[str, ...] = ()
    plaintext: bool = False
    authority: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """How stewards of the patient index decide.

    `four_eyes`: reasons of pairs, and deeds (merge, split ...), that a second steward has to confirm; `all`: every
    one. `second_linked` and `second_decided`: shares of automatic links and of stewards' decisions that are put to a
    second reviewer.
    """

    four_eyes: frozenset[str] = frozenset()
    second_linked: float = 0.01
    second_decided: float = 0.05

    def confirmed(self, words: Collection[str]) -> bool:
        """Whether what these reasons and deeds say of a decision asks for a second steward."""
        return not self.four_eyes.isdisjoint({"all", *words})


@dataclass(frozen=True, slots=True, kw_only=True)
class Consortium:
    """Everything `consortium.yaml` says; `feeds` are the incoming ones."""

    name: str
    facilities: Mapping[str, Facility]
    feeds: Mapping[str, Feed]
    outbound: Mapping[str, OutboundFeed] = field(default_factory=dict)
    clinical: str = "opt-out"
    secondary: str = "opt-in"
    receivers: tuple[Receiver, ...] = ()
    review: ReviewPolicy = ReviewPolicy()
    archives: Mapping[str, Archive] = field(default_factory=dict)
    sign_in: ExternalProvider | None = None

    def legal_entity(self, code: str) -> str:
        """The first legal entity in the chain of a facility, itself first; itself if there is none."""
        seen: set[str] = set()
        at: str | None = code
        while at is not None and at not in seen:
            seen.add(at)
            facility = self.facilities.get(at)
            if facility is None:
                break
            if facility.legal_entity:
                return at
            at = facility.part_of
        return code


def load(path: Path) -> Consortium:
    """Read and check a consortium file. Raises HubError INVALID with one line per complaint (`file:line: ...`)."""
    file = read(path)
    refuse(file, check(file, SCHEMA) or _contradictions(file))
    return _consortium(file.data, path.parent)


def _contradictions(file: YamlFile) -> list[Complaint]:
    facilities = file.data["facilities"]
    feeds = file.data.get("feeds", [])
    codes = {f["code"] for f in facilities}
    found = _repeated(file, "facilities", facilities, "code") + _repeated(file, "feeds", feeds, "name")
    found += _repeated(file, "archives", file.data.get("archives", []), "name")
    for i, facility in enumerate(facilities):
        if facility.get("part_of", facility["code"]) not in codes:
            found.append(file.complaint("no facility has this code", "facilities", i, "part_of"))
    for i, feed in enumerate(feeds):
        if feed["facility"] not in codes:
            found.append(file.complaint("no facility has this code", "feeds", i, "facility"))
        found += (outbound_feed.contradictions if _is_outbound(feed) else _contradictions_of_feed)(file, i, feed)
    found += [*_wrong_receivers(file, codes), *archive.contradictions(file, codes)]
    return [*found, *external_sign_in.contradictions(file)]


def _is_outbound(feed: Mapping[str, Any]) -> bool:
    return bool(feed.get("direction") == "out")


def _contradictions_of_feed(file: YamlFile, index: int, feed: Mapping[str, Any]) -> Iterator[Complaint]:
    transport = feed["transport"]
    if transport in _PORTS:
        yield from _contradictions_of_listener(file, index, feed)
    for name in (_LISTENER - _PORTS.get(transport, frozenset())) & feed.keys():
        yield file.complaint(f"a feed of transport {transport} has no {name}", "feeds", index, name)
    if (feed["transport"] == "folder") != ("folder" in feed):
        yield file.complaint("transport folder, and no other, needs the folder", "feeds", index, "transport")
    for name, owner in (("marker", "folder"), ("clients", "http")):
        if transport != owner and name in feed:
            yield file.complaint(f"a feed of transport {transport} has no {name}", "feeds", index, name)
    only = _ONLY_FORMAT.get(transport)
    if only and feed.get("format", only) != only:
        yield file.complaint(f"over {transport} comes {only} only", "feeds", index, "format")
    if feed.get("format") == "mhd" and transport != "http":
        what = "submissions (mhd) are answered to their sender: they come over http only"
        yield file.complaint(what, "feeds", index, "format")
    if transport == "archive" and "archive" not in feed:
        yield file.complaint("transport archive needs the archive", "feeds", index, "transport")
    if transport != "archive" and "poll_seconds" in feed:
        yield file.complaint(f"a feed of transport {transport} is not polled", "feeds", index, "poll_seconds")
    if "archive" in feed and feed.get("format", only) != "dicom":
        yield file.complaint("a feed of format dicom, and no other, has an archive", "feeds", index, "archive")
    yield from broker.contradictions(file, index, feed)
    if feed.get("devices") and feed.get("format", only or "hl7v2") != "hl7v2":
        yield file.complaint("is said of feeds of format hl7v2", "feeds", index, "devices")
    if feed.get("format", only) == "device" and "profile" not in feed:
        yield file.complaint("a feed of format device needs the profile that is its vendor map", "feeds", index)


def _contradictions_of_listener(file: YamlFile, index: int, feed: Mapping[str, Any]) -> Iterator[Complaint]:
    for name in ("queries_per_minute", "worklist"):
        if feed.get(name) and not feed.get("senders"):
            yield file.complaint("answers need the sender that may ask (senders)", "feeds", index, name)
    if is_loopback(feed.get("host", "127.0.0.1")) or feed.get("tls"):
        return
    if not feed.get("plaintext"):
        what = "an address other than loopback needs tls, or plaintext: true"
        yield file.complaint(what, "feeds", index, "host")
    elif not feed.get("peers"):
        what = "plaintext needs the networks that may connect (peers)"
        yield file.complaint(what, "feeds", index, "plaintext")


def _wrong_receivers(file: YamlFile, codes: set[str]) -> list[Complaint]:
    found = []
    for i, receiver in enumerate(file.data.get("receivers", [])):
        if receiver["facility"] not in codes:
            found.append(file.complaint("no facility has this code", "receivers", i, "facility"))
        if receiver.get("plaintext") and not receiver.get("networks"):
            found.append(file.complaint("plaintext needs the networks it is allowed in", "receivers", i, "plaintext"))
        for n, network in enumerate(receiver.get("networks", [])):
            if not is_network(network):
                found.append(file.complaint("is not a network (CIDR)", "receivers", i, "networks", n))
    return found


def _repeated(file: YamlFile, key: str, rows: list[Mapping[str, Any]], name: str) -> list[Complaint]:
    seen: set[str] = set()
    found = []
    for i, row in enumerate(rows):
        if row[name] in seen:
            found.append(file.complaint(f"{row[name]} stands twice", key, i, name))
        seen.add(row[name])
    return found


def _consortium(data: Mapping[str, Any], folder: Path) -> Consortium:
    policy, feeds = data.get("policy", {}), data.get("feeds", [])
    return Consortium(
        name=data.get("name", ""),
        facilities={f["code"]: Facility(**f) for f in data["facilities"]},
        feeds={row["name"]: _feed(row, folder) for row in feeds if not _is_outbound(row)},
        outbound={row["name"]: outbound_feed.outbound_feed(row, folder) for row in feeds if _is_outbound(row)},
        clinical=policy.get("clinical", "opt-out"),
        secondary=policy.get("secondary", "opt-in"),
        receivers=tuple(_receiver(row, folder) for row in data.get("receivers", [])),
        review=_review(data.get("review", {})),
        archives={row["name"]: archive.archive(row, folder) for row in data.get("archives", [])},
        sign_in=external_sign_in.provider(data.get("sign_in"), folder),
    )


def _review(row: Mapping[str, Any]) -> ReviewPolicy:
    return ReviewPolicy(**{**row, "four_eyes": frozenset(row.get("four_eyes", ()))})


def _receiver(row: Mapping[str, Any], folder: Path) -> Receiver:
    values = {**row, "networks": tuple(row.get("networks", ()))}
    if "authority" in values:
        values["authority"] = folder / values["authority"]
    return Receiver(**values)


def _feed(row: Mapping[str, Any], folder: Path) -> Feed:
    values = {name: value for name, value in row.items() if name not in {"direction", "queries_per_minute"}}
    values["queries"] = row.get("queries_per_minute", 0)
    values.setdefault("format", _ONLY_FORMAT.get(row["transport"], "hl7v2"))
    for key in ("profile", "folder"):
        if key in values:
            values[key] = folder / values[key]
    if "broker" in values:
        values["broker"] = broker.broker(values["broker"], folder)
    if "tls" in values:
        values["tls"] = _tls(values["tls"], folder)
    for key in ("senders", "peers", "concept_maps", "told_by"):
        values[key] = tuple(values.get(key, ()))
    values["expected"] = expected(row.get("expected", {}))
    return Feed(**values)


def _tls(row: Mapping[str, Any], folder: Path) -> Tls:
    files = {key: folder / name for key, name in row.items() if key != "clients"}
    return Tls(**files, clients=tuple(row.get("clients", ())))

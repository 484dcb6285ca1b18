"""What the feeds of a consortium need: profiles, translators, readers of envelopes, each by its format."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from hub.bootstrap.formats import HL7v2, reading_of
from hub.bootstrap.reading import Reading
from hub.kernel.archive import served_at
from hub.kernel.consortium import Consortium, Feed
from hub.kernel.devices import NOBODY, Wearers
from hub.kernel.ids import keyed_ids
from hub.kernel.ports import CodeMaps, Dissector, EnvelopeReader, Mender, Translator
from hub.kernel.types import Edition, UnmappedCode
from hub.pipeline.addressed import with_addresses
from hub.pipeline.codes import Mapped
from hub.pipeline.fhir_mask import Mask
from hub.pipeline.judged import Validate, judged
from hub.pipeline.mapped import Coder, with_meanings
from hub.pipeline.referred import with_receivers
from mappings.hl7v2.habits import NO_MAPS


def readings(
    consortium: Consortium, base_url: str = "", maps: CodeMaps = NO_MAPS, wearers: Wearers = NOBODY
) -> Mapping[str, Reading]:
    """How the messages of every feed are read, by feed; `base_url` is the public base of the FHIR API, if it is known,
    `maps` and `wearers` as of `reading_of`.

    Raises HubError INVALID with the lines that are wrong.
    """
    return {
        feed.name: reading_of(feed, feed.profile, wado=wado_of(consortium, feed, base_url), maps=maps, wearers=wearers)
        for feed in consortium.feeds.values()
    }


def wado_of(consortium: Consortium, feed: Feed, base_url: str) -> str:
    """Where the hub answers for the archive of a feed; "" if it has none that images can be fetched from."""
    archive = consortium.archives.get(feed.archive)
    return served_at(base_url, archive.name) if archive is not None and archive.dicomweb else ""


def domains(consortium: Consortium) -> frozenset[str]:
    """The systems of identifiers that the profiles of HL7 v2 feeds name. Raises as `readings`."""
    profiles = [one.profile for one in readings(consortium).values() if isinstance(one, HL7v2)]
    return frozenset(rule.system for profile in profiles for rule in profile.identifier_rules)


def facilities_of(consortium: Consortium) -> Mapping[str, str]:
    """The facility code of every feed, by feed."""
    return {feed.name: feed.facility for feed in consortium.feeds.values()}


def translators(
    consortium: Consortium,
    secret: bytes,
    canonical_base: str,
    validate: Validate,
    base_url: str = "",
    maps: CodeMaps = NO_MAPS,
    wearers: Wearers = NOBODY,
) -> Mapping[str, Translator]:
    """A translator for every feed, by feed, judging its resources where the feed asks for it; the rest as above.

    Raises HubError INVALID for a profile that is wrong.
    """
    return {
        name: translator_of(consortium, consortium.feeds[name], reading, secret, canonical_base, validate)
        for name, reading in readings(consortium, base_url, maps, wearers).items()
    }


def translator_of(
    consortium: Consortium, feed: Feed, reading: Reading, secret: bytes, canonical_base: str, validate: Validate
) -> Translator:
    """The translator of one feed with a profile, judging its resources where the feed asks for it."""
    names = {code: facility.name for code, facility in consortium.facilities.items()}
    plain = with_addresses(reading.translator(feed.facility, keyed_ids(secret), canonical_base))
    plain = with_receivers(plain, feed.facility, names)
    if feed.concept_maps or not reading.codes:
        approved = "" if reading.codes else reading.approved
        coder = Coder(maps=reading.maps, canonical_base=canonical_base, named=feed.concept_maps, approved=approved)
        plain = with_meanings(plain, coder)
    return judged(plain, feed.validation, validate) if feed.validation else plain


def dissectors(consortium: Consortium) -> Mapping[str, Dissector]:
    """What takes the messages of every feed apart, by feed."""
    return {name: reading.dissector() for name, reading in readings(consortium).items()}


def menders(consortium: Consortium) -> Mapping[str, Mender]:
    """What applies pre-processors to the messages of every feed, by feed."""
    return {name: reading.mender() for name, reading in readings(consortium).items()}


def masks(consortium: Consortium, canonical_base: str) -> Callable[[str], Mask]:
    """What hides the values of resources, by feed; one mask for each answer."""
    known = {name: reading.masker(canonical_base) for name, reading in readings(consortium).items()}
    unknown = HL7v2(None).masker(canonical_base)
    return lambda feed: known.get(feed, unknown)()


def editions(consortium: Consortium) -> Mapping[str, Edition]:
    """What each feed's messages are converted by: its profile, how it is judged, and this version of the hub."""
    return {name: edition_of(consortium.feeds[name], reading) for name, reading in readings(consortium).items()}


def edition_of(feed: Feed, reading: Reading) -> Edition:
    """What one feed's messages are converted by, as `editions`."""
    profile, validation = reading.profile, feed.validation
    said = json.dumps(dataclasses.asdict(profile), default=_sayable, sort_keys=True)
    all_of_it = "\0".join((version("yilian-hub"), validation or "", *feed.concept_maps, said))
    return Edition(profile=profile.name, digest=hashlib.blake2b(all_of_it.encode(), digest_size=8).hexdigest())


def _sayable(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def mapped_codes(consortium: Consortium, maps: CodeMaps) -> Mapped:
    """Whether the profile of a feed, or a map it names, has an entry for a local code as they stand now."""
    known = readings(consortium, maps=maps)

    def mapped(feed: str, code: UnmappedCode) -> bool:
        return feed in known and known[feed].knows(code)

    return mapped


def envelope_readers(consortium: Consortium) -> Mapping[str, EnvelopeReader]:
    """The envelope reader of every feed, by feed."""
    return {name: reading.envelope_reader() for name, reading in readings(consortium).items()}

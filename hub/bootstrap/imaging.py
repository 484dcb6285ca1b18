"""The imaging archives of the consortium, as those who ask them see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hub.api.imaging.endpoint import Source
from hub.bootstrap.feeds import envelope_readers, readings
from hub.bootstrap.foundation import Foundation
from hub.kernel.archive import Archive, served_at
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium, Feed
from hub.kernel.ids import keyed_ids
from hub.kernel.log import Log
from hub.kernel.ports import ImageArchive
from hub.kernel.types import Accession
from hub.pipeline.inbox import PostgresInbox
from mappings.dicom.case import DICOM_UID, WADO_RS

if TYPE_CHECKING:
    from connectors.pacs.dicomweb import DicomwebArchive
    from connectors.pacs.polling import Polling
    from connectors.pacs.pull import Pull
    from connectors.pacs.query import DimseArchive


def archives_of(consortium: Consortium) -> dict[str, DicomwebArchive | DimseArchive]:
    """A client of every archive, by name; the libraries of their protocols are loaded where they are spoken.

    Raises HubError INVALID for a file of one that cannot be used.
    """
    return {name: _client(consortium, archive) for name, archive in consortium.archives.items()}


def _client(consortium: Consortium, archive: Archive) -> DicomwebArchive | DimseArchive:
    if archive.dimse is None:
        from connectors.pacs.dicomweb import DicomwebArchive

        return DicomwebArchive(archive)
    from connectors.pacs.query import DimseArchive
    from mappings.dicom.metadata import as_json

    known = readings(consortium)
    fed = (name for name, feed in consortium.feeds.items() if feed.archive == archive.name)
    charset = next((known[name].profile.charset for name in fed), None)
    return DimseArchive(archive.dimse, partial(as_json, charset=charset))


def pulls_of(
    consortium: Consortium, archives: Mapping[str, ImageArchive], inbox: PostgresInbox, log: Log
) -> dict[str, Pull]:
    """What pulls studies for every feed that names an archive and may hear of them, by feed.

    Raises HubError INVALID for a profile that is wrong.
    """
    feeds = {
        name: feed for name, feed in consortium.feeds.items() if feed.archive and feed.transport in {"archive", "dicom"}
    }
    if not feeds:
        return {}
    from connectors.pacs.pull import Pull

    readers = envelope_readers(consortium)
    return {
        name: Pull(
            name,
            archives[feed.archive],
            inbox=inbox,
            known=inbox.knows,
            read_envelope=readers[name],
            clock=system_clock,
            log=log,
        )
        for name, feed in feeds.items()
    }


def polled(
    foundation: Foundation, archives: Mapping[str, ImageArchive], pulls: Mapping[str, Pull]
) -> Iterator[tuple[Feed, Polling]]:
    """The feeds whose archives are asked for new studies, with what asks."""
    kept: Path = foundation.settings.data_dir / "polling"
    consortium = foundation.consortium
    for name, pull in pulls.items():
        feed = consortium.feeds[name]
        if feed.transport == "archive" and (feed.poll_seconds or feed.told_by):
            from connectors.pacs.polling import Polling

            log = foundation.log
            yield feed, Polling(name, archives[feed.archive], pull, system_clock, log, kept / f"{name}.json")


def accession_readers(consortium: Consortium) -> dict[str, Callable[[bytes], Iterable[Accession]]]:
    """What reads the accession numbers of messages, for every feed that tells of an archive."""
    tellers = {name for feed in consortium.feeds.values() for name in feed.told_by}
    if not tellers:
        return {}
    from mappings.hl7v2.accessions import accessions

    known = readings(consortium)
    return {name: partial(accessions, profile=known[name].profile) for name in tellers}


def viewers(foundation: Foundation) -> dict[str, str]:
    """The viewers of archives, by the reference of the Endpoint that their studies name."""
    ids = keyed_ids(foundation.keys.id_secret)
    return {
        f"Endpoint/{ids(archive.facility, 'Endpoint', WADO_RS, name)}": archive.viewer
        for name, archive in foundation.consortium.archives.items()
        if archive.viewer
    }


def sources(
    foundation: Foundation, archives: Mapping[str, ImageArchive], pulls: Mapping[str, Pull] | None = None
) -> dict[str, Source]:
    """What the API needs of every archive; `pulls` of feeds look again for what is not there."""
    ids, base = keyed_ids(foundation.keys.id_secret), foundation.settings.base_url
    return {
        name: Source(
            archive=archives[name],
            study_id=partial(ids, archive.facility, "ImagingStudy", DICOM_UID),
            endpoint=ids(archive.facility, "Endpoint", WADO_RS, name),
            base=served_at(base, name),
            missing=_again(foundation, name, pulls or {}),
        )
        for name, archive in foundation.consortium.archives.items()
        if archive.dicomweb
    }


def _again(foundation: Foundation, archive: str, pulls: Mapping[str, Pull]) -> Callable[[str], None]:
    from connectors.pacs.again import Again

    feeds = foundation.consortium.feeds
    return Again({name: pull for name, pull in pulls.items() if feeds[name].archive == archive}, foundation.log)

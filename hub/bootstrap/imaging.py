"""The imaging archives of the consortium, as those who ask them see them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from hub.api.imaging.endpoint import Source
from hub.bootstrap.foundation import Foundation
from hub.kernel.archive import served_at
from hub.kernel.consortium import Consortium
from hub.kernel.ids import keyed_ids
from mappings.dicom.case import DICOM_UID, WADO_RS

if TYPE_CHECKING:
    from connectors.pacs.dicomweb import DicomwebArchive


def archives_of(consortium: Consortium) -> dict[str, DicomwebArchive]:
    """A client of every archive, by name; its library is loaded where there is one.

    Raises HubError INVALID for a file of one that cannot be used.
    """
    if not consortium.archives:
        return {}
    from connectors.pacs.dicomweb import DicomwebArchive

    return {name: DicomwebArchive(archive) for name, archive in consortium.archives.items()}


def sources(foundation: Foundation, archives: Mapping[str, DicomwebArchive]) -> dict[str, Source]:
    """What the API needs of every archive."""
    ids, base = keyed_ids(foundation.keys.id_secret), foundation.settings.base_url
    return {
        name: Source(
            archive=archives[name],
            study_id=partial(ids, archive.facility, "ImagingStudy", DICOM_UID),
            endpoint=ids(archive.facility, "Endpoint", WADO_RS, name),
            base=served_at(base, name),
        )
        for name, archive in foundation.consortium.archives.items()
    }

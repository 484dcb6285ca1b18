"""What IHE MHD 4.2 names by URL or code, and the refusals it has words for (ITI TF-3: Table 4.2.4.1-2)."""

from __future__ import annotations

from typing import Any, Final

from hub.kernel.errors import Category, HubError

_PROFILES: Final = "https://profiles.ihe.net/ITI/MHD/StructureDefinition/"
_COMPREHENSIVE: Final = ("IHE.MHD.Comprehensive.ProvideBundle", "IHE.MHD.UnContained.Comprehensive.ProvideBundle")
_BUNDLES: Final = ("IHE.MHD.Minimal.ProvideBundle", *_COMPREHENSIVE)
_OLDER: Final = "http://profiles.ihe.net/ITI/MHD/StructureDefinition/"

SOURCE_ID: Final = f"{_PROFILES}ihe-sourceId"
SUBMISSION_SET: Final = "submissionset"
FOLDER: Final = "folder"

METADATA: Final = "XDSRegistryMetadataError"
MISSING_DOCUMENT: Final = "XDSMissingDocument"
MISSING_METADATA: Final = "XDSMissingDocumentMetadata"
OTHER_HASH: Final = "XDSNonIdenticalHash"
TWICE: Final = "XDSRegistryDuplicateUniqueIdInMessage"
OTHER_PATIENT: Final = "XDSPatientIdDoesNotMatch"
UNKNOWN_PATIENT: Final = "XDSUnknownPatientId"
FHIR_DOCUMENT: Final = "FHIRDocumentNotSupported"


def is_submission(bundle: Any) -> bool:
    """Whether a Bundle says that it is a Provide Document Bundle (ITI-65, 2:3.65.4.1.2.1)."""
    return _claims(bundle, _BUNDLES)


def is_comprehensive(bundle: Any) -> bool:
    """Whether it promises the comprehensive metadata."""
    return _claims(bundle, _COMPREHENSIVE)


def _claims(bundle: Any, names: tuple[str, ...]) -> bool:
    meta = bundle.get("meta") if isinstance(bundle, dict) else None
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    urls = {base + name for base in (_PROFILES, _OLDER) for name in names}
    return isinstance(claimed, list) and any(isinstance(one, str) and one.partition("|")[0] in urls for one in claimed)


def wrong(
    what: str, where: str, *, code: str = METADATA, todo: str = "mend the submission and send it again"
) -> HubError:
    """The refusal of a submission."""
    return HubError(Category.INVALID, what, where=where, todo=todo, code=code)

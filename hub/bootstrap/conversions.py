"""The conversions of `yilian convert`: one per source format, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from hub.fhir.long_json import Made
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Rows of a file (its path as given, its bytes): one per message, document, study or form row; to be `written`, since
#: lists of a long message are made as they are gone through.
Conversion = Callable[[str, bytes], Iterator[Json]]
#: The rows of a file that a person has to mend, as a file; b"" if there is none.
Mending = Callable[[bytes], bytes]
#: Rows of files that belong together (their paths as given, open): the files of a study make one row.
GroupedConversion = Callable[[Iterable[tuple[str, BinaryIO]]], Iterator[Json]]


def conversion(source_format: str, profile: Path | None, canonical_base: str) -> Conversion:
    """The conversion of a format. Raises HubError for an unknown format or a wrong profile."""
    build = _CONVERSIONS.get(source_format)
    if build is None:
        todo = f"use one of: {', '.join(_CONVERSIONS)}"
        raise HubError(Category.UNSUPPORTED, "this format cannot be converted", where=source_format, todo=todo)
    return build(profile, canonical_base)


def mending(source_format: str, profile: Path | None) -> Mending:
    """What makes the file of rows to be mended. Raises HubError for a format that has none, or a wrong profile."""
    if source_format != "form":
        todo = "leave --errors out: issues tell what is wrong"
        raise HubError(Category.UNSUPPORTED, "only forms have rows to mend", where=source_format, todo=todo)
    from mappings.forms.mending import errors_file
    from mappings.forms.profile import DEFAULT, load

    loaded = load(profile) if profile else DEFAULT
    return lambda raw: errors_file(raw, loaded, system_clock())


def studies(profile: Path | None, canonical_base: str) -> GroupedConversion:
    """The conversion of DICOM files, one row per study. Raises HubError for a wrong profile."""
    from mappings.dicom.convert import convert
    from mappings.dicom.profile import DEFAULT, load

    loaded = load(profile) if profile else DEFAULT
    return lambda files: convert(files, loaded, canonical_base=canonical_base)


def _hl7v2(profile: Path | None, canonical_base: str) -> Conversion:
    from mappings.hl7v2.convert import convert
    from mappings.hl7v2.profile import DEFAULT
    from mappings.hl7v2.profiles.load import load

    loaded = load(profile) if profile else DEFAULT
    return lambda path, raw: convert(path, raw, loaded, canonical_base=canonical_base, listing=Made)


def _form(profile: Path | None, canonical_base: str) -> Conversion:
    from mappings.forms.convert import convert
    from mappings.forms.profile import DEFAULT, load

    loaded = load(profile) if profile else DEFAULT
    return lambda path, raw: convert(path, raw, loaded, canonical_base=canonical_base, received=system_clock())


def _cda(profile: Path | None, canonical_base: str) -> Conversion:
    from mappings.cda.convert import convert
    from mappings.cda.translator import DEFAULT_ZONE
    from mappings.hl7v2.profiles.load import load

    zone = load(profile).zone if profile else None
    return lambda path, raw: convert(path, raw, canonical_base, zone or DEFAULT_ZONE)


#: A format is imported when it is asked for: each brings tables of its own.
_CONVERSIONS: Final[Mapping[str, Callable[[Path | None, str], Conversion]]] = {
    "hl7v2": _hl7v2,
    "cda": _cda,
    "form": _form,
}

"""What a feed of DICOM headers needs: its envelope, its translation, and a header taken apart for people.

One message is one object. Its identity is the SOP instance (PS3.3 C.12.1); objects of one study, and of one patient,
keep their order. Or it is the metadata of a whole study as the archive tells it at one time: a state of that study. An
object of nobody is a dead letter until the archive or the profile says whose it is.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import Dissector, EnvelopeReader, Translator
from hub.kernel.types import Envelope, Part, Translation
from mappings.dicom.assembly import Instance, of_json, study_of, translate_study
from mappings.dicom.case import CANONICAL_BASE, Sender
from mappings.dicom.header import read_header
from mappings.dicom.item import Item, position
from mappings.dicom.metadata import is_metadata, read_metadata
from mappings.dicom.profile import Profile
from mappings.dicom.recordings import HEAD, reader_of, translate_recording

#: Issues for which a study is held back: the record never guesses whose it is.
_HELD: Final = frozenset({"no-patient-id", "unqualified-patient-id"})
#: Value representations whose values people cannot read.
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


def envelope_reader(profile: Profile) -> EnvelopeReader:
    """The reader of one feed. It never raises: see `Envelope.problem`."""

    def read(raw: bytes) -> Envelope:
        if reader_of(raw[:HEAD]) is not None:
            return Envelope(identity=_hash(raw), kind="ECG")
        try:
            item = _items(raw, profile, most=1)[0]
            study = study_of(item)
        except HubError as error:
            return Envelope(identity=_hash(raw), kind="DICOM", problem=error)
        lanes = tuple(value for value in (study, item.text("PatientID")) if value)
        kind = f"DICOM {item.text('Modality')}".strip()
        if is_metadata(raw):
            return Envelope(identity=study_identity(study), kind="DICOM study", lanes=lanes, revises=True)
        return Envelope(identity=item.uid("SOPInstanceUID") or _hash(raw), kind=kind, lanes=lanes)

    return read


def translator(
    profile: Profile,
    facility: str,
    ids: IdMaker,
    *,
    canonical_base: str = CANONICAL_BASE,
    archive: str = "",
    wado: str = "",
) -> Translator:
    """Translates the objects of one feed; `archive` and `wado` as of `Sender`.

    What it returns raises HubError for one that cannot be read.
    """
    sender = Sender(
        facility=facility, ids=ids, canonical_base=canonical_base, profile=profile, archive=archive, wado=wado
    )

    def translate(raw: bytes) -> Translation:
        read = reader_of(raw[:HEAD])
        if read is not None:
            return _held(translate_recording(raw, read, sender))
        if is_metadata(raw):
            return _held(translate_study(of_json(sender), [Instance(each) for each in read_metadata(raw)]))
        header = read_header(io.BytesIO(raw))
        original = raw if "WaveformSequence" in header.dataset else b""
        return _held(translate_study(sender, [Instance(header, original)]))

    return translate


def _held(found: Translation) -> Translation:
    """The translation, refused if the object is nobody's."""
    why = next((issue for issue in found.issues if issue.code in _HELD), None)
    if why is None:
        return found
    refusal = HubError(Category.INVALID, why.text, where=why.where, code=why.code)
    return Translation(report=found.report, issues=found.issues, refusal=refusal)


def study_identity(uid: str) -> str:
    """The identity of what an archive tells of a whole study."""
    return f"study {uid}"


def dissector(profile: Profile) -> Dissector:
    """Takes the objects of one feed apart: a part for each element at the top that holds something."""

    def take_apart(raw: bytes) -> tuple[Part, ...]:
        items = _items(raw, profile)
        if len(items) == 1:
            return tuple(_parts(items[0]))
        return tuple(Part(at=f"[{n}]", parts=tuple(_parts(each))) for n, each in enumerate(items, 1))

    return take_apart


def _parts(item: Item) -> Iterator[Part]:
    for tag in item.tags():
        at, _, keyword = position(tag).partition(" ")
        kind = item.vr(tag)
        if kind == "SQ":
            parts = tuple(
                Part(at=f"{at}[{n}]", parts=tuple(_parts(each))) for n, each in enumerate(item.items_at(tag), 1)
            )
            yield Part(at=at, name=keyword, type=kind, parts=parts)
        elif kind not in _BINARY and keyword:
            text = "\\".join(item.texts(keyword))
            yield Part(at=at, name=keyword, type=kind, text=text, field=text)


def _items(raw: bytes, profile: Profile, most: int | None = None) -> list[Item]:
    """The objects of a message, at least one, the first `most`. Raises HubError UNREADABLE or TOO_LARGE."""
    if is_metadata(raw):
        return [Item(each.dataset, None) for each in read_metadata(raw, most)]
    return [Item(read_header(io.BytesIO(raw)).dataset, profile.charset)]


def _hash(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()

"""A batch of messages through their translators. Pure: what cannot be translated becomes its refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Literal

import msgspec
import zstandard
from msgspec import Struct

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Translator
from hub.kernel.types import Json, ReportRow, Translation
from hub.pipeline.queue import Message
from hub.pipeline.reason import fault
from hub.pipeline.sealed import erased

_LEVEL: Final = 3
#: Setting one up takes twice as long as a report does; a process compresses one at a time.
_compressor: Final = zstandard.ZstdCompressor(level=_LEVEL)
#: Reports remembered as they were packed, by identity: messages that fill the same fields have one (`hl7v2.told`).
_MOST_PACKED: Final = 256
_packed: Final[dict[int, tuple[tuple[ReportRow, ...], bytes]]] = {}
#: Rows that are JSON at once: a long message has millions.
_PORTION: Final = 4096
#: Bytes of a report, as JSON, that are read at once.
_PIECE: Final = 256 * 1024
#: What stands between two rows and nowhere within one, where a quote would be escaped.
_BETWEEN: Final = b'"],["'
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(
    type=list[tuple[str, Literal["mapped", "carried", "refused"], list[str], str]]
).decode


class Translated(Struct, frozen=True):
    """A message with what it says, or why it is a dead letter; with both where what it says is not right."""

    message: Message
    translation: Translation | None = None
    refusal: HubError | None = None


def translate(message: Message, translators: Mapping[str, Translator]) -> Translated:
    """Run the translator of the message's feed. Never raises: a defect becomes a refusal of category FAULT."""
    translator = translators.get(message.feed)
    if translator is None:
        return Translated(message, refusal=_no_feed())
    if message.erased:
        return Translated(message, refusal=erased())
    try:
        translation = translator(message.raw)
        return Translated(message, translation=translation, refusal=translation.refusal)
    except HubError as refusal:
        return Translated(message, refusal=refusal)
    except Exception as error:
        return Translated(message, refusal=fault(error))


def pack(report: Sequence[ReportRow]) -> bytes:
    """A conversion report as it is kept beside its message."""
    if len(report) > _PORTION:
        return _in_portions(report)
    known = _packed.get(id(report))
    if known is not None:
        return known[1]
    packed = _compressor.compress(_encode(_listed(report)))
    if isinstance(report, tuple):
        if len(_packed) >= _MOST_PACKED:
            del _packed[next(iter(_packed))]
        _packed[id(report)] = (report, packed)
    return packed


def _in_portions(report: Sequence[ReportRow]) -> bytes:
    stream = _compressor.compressobj()
    parts = [stream.compress(b"[")]
    rest = iter(report)
    comma = b""
    while listed := _listed(islice(rest, _PORTION)):
        parts.append(stream.compress(comma + _encode(listed)[1:-1]))
        comma = b","
    return b"".join([*parts, stream.compress(b"]"), stream.flush()])


def _listed(report: Iterable[ReportRow]) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [(row.source, row.outcome, row.targets, row.reason) for row in report]


def rows(packed: bytes) -> list[ReportRow]:
    """The rows of a conversion report."""
    return list(each_row(packed))


def each_row(packed: bytes) -> Iterator[ReportRow]:
    """The rows of a conversion report; no more of a long one are in memory than a piece of it holds."""
    stream = zstandard.ZstdDecompressor().stream_reader(packed)
    rest = stream.read(_PIECE)[1:]
    while piece := stream.read(_PIECE):
        rest += piece
        end = rest.rfind(_BETWEEN)
        if end >= 0:
            yield from _made(b"[" + rest[: end + 2] + b"]")
            rest = rest[end + 3 :]
    yield from _made(b"[" + rest)


def _made(listed: bytes) -> Iterator[ReportRow]:
    for source, outcome, targets, reason in _decode(listed):
        yield ReportRow(source=source, outcome=outcome, targets=tuple(targets), reason=reason)


def unpack(packed: bytes) -> list[Json]:
    """The rows of a conversion report, as JSON."""
    return [row.as_json() for row in rows(packed)]


def _no_feed() -> HubError:
    return HubError(
        Category.UNSUPPORTED,
        "no feed of this name is configured any more",
        where="feed",
        todo="put it back into consortium.yaml and replay the message",
        code="unknown-feed",
    )

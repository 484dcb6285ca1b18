"""Messages sealed and opened. Each has a key of its own, which is wrapped by the data key of whom it is about.

Of whom that is, nobody knows before a message is read: until then its feed's key wraps it. Once it is known, the
message's key is wrapped anew and the message stays as it lies. Erasing the patient's key erases the message with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.sealing.envelope import OVERHEAD, DataKey, key_number, seal, unseal
from hub.sealing.keyring import Keyring, keyring_of

#: What a row must have to be opened: the bytes that are processed, and how they are sealed.
TO_PROCESS: Final = "coalesce(repaired, raw) AS raw, repaired IS NOT NULL AS mended, raw_key"
#: The size of a message without its seal.
SIZE: Final = f"octet_length(raw) - CASE WHEN raw_key IS NULL THEN 0 ELSE {OVERHEAD} END"

_KEY: Final = b"key"
_RAW: Final = b"raw"
_REPAIRED: Final = b"repaired"
_KEY_OF: Final = "SELECT raw_key FROM inbox WHERE id = $1 FOR UPDATE"


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """`raw` as it is stored, and `raw_key`, the wrapped key of the message; None for one that is not sealed."""

    raw: bytes
    raw_key: bytes | None


async def sealed(tx: Tx, messages: Sequence[tuple[int, str, bytes]]) -> tuple[list[SealedMessage], list[DataKey]]:
    """Messages (number, feed, bytes) as they are to be stored, and the data keys to confirm once they are."""
    keyring = keyring_of(tx)
    if keyring.suite is None:
        return [SealedMessage(raw, None) for _, _, raw in messages], []
    owners = {feed: reference_key("Feed", feed) for _, feed, _ in messages}
    keys = await keyring.sealing(tx, dict.fromkeys(owners.values(), "feed"), keyring.suite)
    return [_sealed(keyring, keys[owners[feed]], number, raw) for number, feed, raw in messages], list(keys.values())


async def opened(tx: Tx, rows: Sequence[Any]) -> list[bytes | None]:
    """The bytes of rows of the inbox with `id` and TO_PROCESS, in their order; None for what was erased."""
    keyring = keyring_of(tx)
    keyring.admit(all(row["raw_key"] is not None for row in rows))
    keys = await keyring.opened(tx, [row["raw_key"] or b"" for row in rows])
    return [_opened(keys, row["id"], row["raw_key"], row["raw"], mended=row["mended"]) for row in rows]


async def opened_rows(tx: Tx, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Such rows, each with `raw` opened; see `raw_in`."""
    return [{**dict(row), "raw": raw} for row, raw in zip(rows, await opened(tx, rows), strict=True)]


def raw_in(row: Any) -> bytes:
    """The bytes of an opened row. Raises HubError NOT_FOUND (`erased`)."""
    if row["raw"] is None:
        raise erased()
    return bytes(row["raw"])


async def opened_both(tx: Tx, row: Any) -> tuple[bytes | None, bytes | None]:
    """`raw` and `mended` of a row; both None for what was erased, `mended` also where nothing was repaired."""
    keyring = keyring_of(tx)
    keyring.admit(row["raw_key"] is not None)
    keys = await keyring.opened(tx, [row["raw_key"] or b""])
    raw = _opened(keys, row["id"], row["raw_key"], row["raw"], mended=False)
    mended = row["mended"]
    return raw, None if mended is None else _opened(keys, row["id"], row["raw_key"], mended, mended=True)


async def repaired(tx: Tx, message: int, raw: bytes) -> bytes | None:
    """`raw` as it is to be stored beside the original of a message, which is held; None if that was erased."""
    wrapped = await tx.fetchval(_KEY_OF, message)
    if wrapped is None:
        return raw
    keyring = keyring_of(tx)
    own = _own(await keyring.opened(tx, [wrapped]), message, wrapped)
    return None if own is None else seal(own, raw, _place(_REPAIRED, message), keyring.random_bytes)


async def handed_over(tx: Tx, patients: Mapping[int, tuple[bytes, str]]) -> tuple[dict[int, bytes], list[DataKey]]:
    """Keys of messages wrapped anew for whom they turned out to be about, as far as they are not yet.

    `patients`: by message its wrapped key and the id of a source patient. The data keys are to be confirmed.
    """
    keyring = keyring_of(tx)
    if not patients or keyring.suite is None:
        return {}, []
    owners = {patient: reference_key("Patient", patient) for _, patient in patients.values()}
    keys = await keyring.sealing(tx, dict.fromkeys(owners.values(), "patient"), keyring.suite)
    known = await keyring.opened(tx, [wrapped for wrapped, _ in patients.values()])
    anew = {}
    for message, (wrapped, patient) in patients.items():
        now, before = keys[owners[patient]], known[key_number(wrapped)]
        key = None if before is None else rewrapped(keyring, before, now, message, wrapped)
        if key is not None:
            anew[message] = key
    return anew, list(keys.values())


def whole(
    keyring: Keyring, data_key: DataKey, message: int, raw: bytes, mended: bytes | None
) -> tuple[bytes, bytes | None, bytes]:
    """A plain message as it is to be stored: its bytes, those it was repaired to, and its wrapped key."""
    key = keyring.random_bytes(data_key.suite.key_bytes)
    own = DataKey(0, data_key.suite, data_key.suite.cipher(key))
    return (
        seal(own, raw, _place(_RAW, message), keyring.random_bytes),
        None if mended is None else seal(own, mended, _place(_REPAIRED, message), keyring.random_bytes),
        seal(data_key, key, _place(_KEY, message), keyring.random_bytes),
    )


def rewrapped(keyring: Keyring, before: DataKey, now: DataKey, message: int, wrapped: bytes) -> bytes | None:
    """The key of a message wrapped by another data key of the same suite; None where it is so already or cannot be."""
    if before.number == now.number or before.suite is not now.suite:
        return None
    key = unseal(before, wrapped, _place(_KEY, message))
    return seal(now, key, _place(_KEY, message), keyring.random_bytes)


def erased() -> HubError:
    """What is said of a message that was erased with the key of the patient it was about."""
    return HubError(
        Category.NOT_FOUND, "was erased with the patient it was about", where="message", todo="nothing", code="erased"
    )


def _sealed(keyring: Keyring, data_key: DataKey, number: int, raw: bytes) -> SealedMessage:
    sealed_raw, _, raw_key = whole(keyring, data_key, number, raw, None)
    return SealedMessage(sealed_raw, raw_key)


def _opened(
    keys: Mapping[int, DataKey | None], number: int, wrapped: bytes | None, stored: bytes, *, mended: bool
) -> bytes | None:
    if wrapped is None:
        return stored
    own = _own(keys, number, wrapped)
    return None if own is None else unseal(own, stored, _place(_REPAIRED if mended else _RAW, number))


def _own(keys: Mapping[int, DataKey | None], number: int, wrapped: bytes) -> DataKey | None:
    data_key = keys[key_number(wrapped)] if wrapped else None
    if data_key is None:
        return None
    key = unseal(data_key, wrapped, _place(_KEY, number))
    return DataKey(0, data_key.suite, data_key.suite.cipher(key))


def _place(column: bytes, message: int) -> bytes:
    return b"inbox/" + column + message.to_bytes(8)

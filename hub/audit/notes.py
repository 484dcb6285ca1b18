"""Checkpoints: size and root of a tree as a signed note (C2SP tlog-checkpoint and signed-note), by Ed25519. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Kinds of signature (C2SP signed-note): of the log, and of a witness with the time (C2SP tlog-cosignature).
ED25519: Final = b"\x01"
COSIGNATURE: Final = b"\x04"


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """What is signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and its key; `kind` says what its signatures mean."""

    name: str
    key: Ed25519PrivateKey
    kind: bytes = ED25519

    @classmethod
    def of_log(cls, installation: str, key: Ed25519PrivateKey) -> Signer:
        """The signer of an installation's trail."""
        return cls(f"yilian-hub.example/{installation}", key)

    @property
    def verifier(self) -> str:
        """The public part as one line: `name+id+key` (signed-note, "verifier keys")."""
        material = base64.b64encode(self._material).decode()
        return f"{self.name}+{self._key_id.hex()}+{material}"

    def note(self, text: str) -> str:
        """The signed note of a text."""
        return text + "\n" + self.line(text)

    def line(self, text: str) -> str:
        """The signature of a text as its note has it."""
        return self._line(self.key.sign(text.encode()))

    def made(self, note: str, text: str) -> bool:
        """Whether `note` is what this signer makes of `text`: Ed25519 gives one signature for one text."""
        return note == self.note(text)

    @staticmethod
    def holds(verifier: str, text: str, line: str) -> bool:
        """Whether a line of a note is the signature of `text` by the key of a verifier's line."""
        name, _, rest = verifier.partition("+")
        key_id, _, coded = rest.partition("+")
        head, _, signed = line.strip().rpartition(" ")
        try:
            signature = base64.b64decode(signed, validate=True)
            Ed25519PublicKey.from_public_bytes(base64.b64decode(coded)[1:]).verify(signature[4:], text.encode())
        except (ValueError, InvalidSignature):
            return False
        return head == f"— {name}" and signature[:4].hex() == key_id

    def cosignature(self, text: str, seconds: int) -> str:
        """The line of a witness that saw this checkpoint at this time (seconds of the epoch)."""
        signature = self.key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        return self._line(seconds.to_bytes(8) + signature)

    @property
    def _material(self) -> bytes:
        return self.kind + self.key.public_key().public_bytes_raw()

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    def _line(self, signature: bytes) -> str:
        return f"— {self.name} {base64.b64encode(self._key_id + signature).decode()}\n"


class Signs(Protocol):
    """Who signs checkpoints: one key, or all of an installation."""

    @property
    def name(self) -> str: ...

    def note(self, text: str) -> str: ...

    def made(self, note: str, text: str) -> bool: ...

"""Verify an export of the audit trail. Needs nothing but Python 3.11 and the package `cryptography`:

    python verify.py EXPORT --keys KEYS [--witness CHECKPOINTS]

EXPORT is the folder that `yilian audit export` wrote, or the file of `yilian audit report`. KEYS has a line for each
key that is trusted (C2SP signed-note, `name+id+key`): that of the log, and those of witnesses. It must come another way
than the export. CHECKPOINTS is what a witness kept: the signed checkpoints it saw, one after the other.

Exit 0: every leaf is the one that was signed. Exit 1: something was changed, removed, added or moved; the first bad
leaf is told. Exit 2: the files cannot be read. This file imports nothing of the hub, so that it can be read and kept by
those who do not trust it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 1, 4
_HASH = 32
_DECODE = json.JSONDecoder().decode
#: Bytes of leaves that are compared in one turn, and from how many on several processes share the turns.
_TURN, _SHARED = 8 << 20, 64 << 20


class UnusableError(Exception):
    """A file that is missing or is not what it should be: nothing can be said of the trail."""


@dataclass
class BadLeafError(Exception):
    """The first leaf that is wrong, and what is wrong with it. All before it are as they were signed."""

    leaf: int
    what: str


@dataclass(frozen=True)
class Key:
    """A trusted key: of a log, or of a witness."""

    name: str
    kind: int
    id: bytes
    public: Ed25519PublicKey


@dataclass(frozen=True)
class Head:
    """A checkpoint: name of the log, size and root of its tree, and how many witnesses are known to have seen it."""

    origin: str
    size: int
    root: bytes
    witnesses: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify as the command line says; the exit code."""
    parser = argparse.ArgumentParser(description="Verify an export of the audit trail.")
    parser.add_argument("export", type=Path, help="folder of `yilian audit export`, or file of `yilian audit report`")
    parser.add_argument("--keys", type=Path, required=True, help="trusted keys, a line each")
    parser.add_argument("--witness", type=Path, help="checkpoints that a witness kept")
    asked = parser.parse_args(arguments)
    try:
        told = verify(asked.export, asked.keys, asked.witness)
    except BadLeafError as bad:
        print(f"first bad leaf: {bad.leaf}: {bad.what}")  # noqa: T201 - a program of its own
        return 1
    except (UnusableError, OSError) as error:
        print(f"cannot be verified: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(told)  # noqa: T201
    return 0


def verify(export: Path, keys_file: Path, witness: Path | None = None) -> str:
    """What is proved, in a sentence. Raises BadLeafError with the first bad leaf; UnusableError, OSError for files."""
    keys = read_keys(keys_file.read_text(encoding="utf-8"))
    if export.is_file():
        return verify_report(export.read_bytes(), keys)
    hashes = split((export / "hashes.bin").read_bytes())
    findings: list[BadLeafError] = []
    heads = _checkpoints((export / "checkpoints.ndjson").read_bytes(), keys, findings)
    seen = [] if witness is None else [head_of(note, keys) for note in notes_in(witness.read_text(encoding="utf-8"))]
    size = heads[-1].size if heads else 0
    _compare_size(len(hashes), size, findings)
    _compare_roots(hashes, heads, findings)
    _compare_roots(hashes, sorted(seen, key=lambda head: head.size), findings)
    _compare_leaves(export, size, findings)
    if findings:
        raise min(findings, key=lambda bad: bad.leaf)
    witnessed = f", {len(seen)} checkpoints of a witness hold" if witness is not None else ""
    return f"{size} leaves are as {len(heads)} checkpoints sign{witnessed}"


def verify_report(content: bytes, keys: Sequence[Key]) -> str:
    """What is proved of a report, in a sentence. Raises BadLeafError for the first line that was not signed so."""
    try:
        told = json.loads(content)
        head, lines = head_of(told["note"], keys), told["lines"]
        for line in lines:
            index, leaf = line["index"], line["leaf"]
            if not includes(head, index, leaf.encode(), [_unbase64(one) for one in line["proof"]]):
                raise BadLeafError(index, "is not what the checkpoint signs in its place")
            if not opens(leaf, line["items"]):
                raise BadLeafError(index, "an item beside it is not the one that was sealed")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnusableError("this is no report") from None
    return f"{len(lines)} lines are as the checkpoint over {head.size} leaves signs"


def read_keys(text: str) -> list[Key]:
    """The keys of a file; blank lines and those that begin with # are passed over. Raises UnusableError."""
    lines = [line.strip() for line in text.splitlines()]
    keys = [_key(line) for line in lines if line and not line.startswith("#")]
    if not any(key.kind == LOG for key in keys):
        raise UnusableError("no key of a log is given")
    return keys


def notes_in(text: str) -> list[str]:
    """The signed notes that stand one after the other: text, blank line, signatures, blank line."""
    parts = text.strip("\n").split("\n\n")
    if not text.strip() or len(parts) % 2:
        raise UnusableError("these are not signed checkpoints")
    return [f"{parts[at]}\n\n{parts[at + 1]}\n" for at in range(0, len(parts), 2)]


def head_of(note: str, keys: Sequence[Key]) -> Head:
    """The checkpoint of a note that a trusted log signed. Raises UnusableError where none of `keys` did."""
    text, blank, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3 or not lines[1].isdecimal():
        raise UnusableError("this is no checkpoint")
    text += "\n"
    kinds = [kind for kind, key in _signed_by(text, signatures, keys) if kind == WITNESS or key.name == lines[0]]
    if LOG not in kinds:
        # One name, another key: told apart, since keys are renewed and trust is not.
        renewed = any(key.kind == LOG and key.name == lines[0] for key in keys)
        hint = "; was its key renewed? ask for its keys anew, another way than the export" if renewed else ""
        raise UnusableError(f"no trusted key of this log signed the checkpoint{hint}")
    return Head(lines[0], int(lines[1]), _unbase64(lines[2]), kinds.count(WITNESS))


def continues(first: Head, second: Head, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `second` begins with that of `first` (RFC 9162, section 2.1.4.2)."""
    if first.size > second.size or first.size < 1:
        return False
    if first.size == second.size:
        return not proof and first.root == second.root
    path = [first.root, *proof] if first.size & (first.size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first.size - 1, second.size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for one in path[1:]:
        if not last:
            return False
        if node & 1 or node == last:
            old, new = _node(one, old), _node(one, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = _node(new, one)
        node, last = node >> 1, last >> 1
    return not last and old == first.root and new == second.root


def includes(head: Head, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that `leaf` (its text) stands at `index` of this tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < head.size:
        return False
    node, last, found = index, head.size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for one in proof:
        if not last:
            return False
        if node & 1 or node == last:
            found = _node(one, found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = _node(found, one)
        node, last = node >> 1, last >> 1
    return not last and found == head.root


def opens(leaf: str, items: Sequence[str | None]) -> bool:
    """Whether each item that is shown beside a leaf is the one that was sealed in it."""
    shown = [None if item is None else hashlib.sha256(item.encode()).hexdigest() for item in items]
    # They stand at the end of a leaf, which need not be read whole where all are shown.
    if shown and None not in shown and leaf.endswith(',"sealed":["' + '","'.join(map(str, shown)) + '"]}'):
        return True
    seals = json.loads(leaf)["sealed"]
    return len(shown) == len(seals) and all(one in (None, seal) for one, seal in zip(shown, seals, strict=True))


def split(content: bytes) -> list[bytes]:
    """The hashes of a file."""
    if len(content) % _HASH:
        raise UnusableError("the file of hashes is cut off")
    return [content[at : at + _HASH] for at in range(0, len(content), _HASH)]


def _checkpoints(content: bytes, keys: Sequence[Key], findings: list[BadLeafError]) -> list[Head]:
    """The checkpoints up to the first that is wrong."""
    heads: list[Head] = []
    for line in content.splitlines():
        before = heads[-1].size if heads else 0
        try:
            head = head_of(json.loads(line)["note"], keys)
        except (UnusableError, ValueError, KeyError, TypeError) as error:
            findings.append(BadLeafError(before, f"a checkpoint over it is not signed: {error}"))
            break
        if head.size <= before or (heads and head.origin != heads[0].origin):
            findings.append(BadLeafError(before, "a checkpoint over it is out of order"))
            break
        heads.append(head)
    return heads


def _compare_size(count: int, size: int, findings: list[BadLeafError]) -> None:
    if count < size:
        findings.append(BadLeafError(count, f"is missing: the last checkpoint is over {size}"))
    if count > size:
        findings.append(BadLeafError(size, "no checkpoint is over it"))


def _compare_roots(hashes: Sequence[bytes], heads: Sequence[Head], findings: list[BadLeafError]) -> None:
    """Whether the hashes give the root of each checkpoint; between two of them no leaf can be told from another."""
    frontier: list[tuple[int, bytes]] = []
    done = good = 0
    for head in heads:
        if head.size > len(hashes):
            findings.append(BadLeafError(len(hashes), f"is missing: a checkpoint is over {head.size}"))
            return
        for one in hashes[done : head.size]:
            _push(frontier, one)
        done = head.size
        if _root(frontier) != head.root:
            findings.append(BadLeafError(good, f"it or a later one, before {head.size}, is not what was signed"))
            return
        good = head.size


def _push(frontier: list[tuple[int, bytes]], one: bytes) -> None:
    height = 0
    while frontier and frontier[-1][0] == height:
        one = _node(frontier.pop()[1], one)
        height += 1
    frontier.append((height, one))


def _root(frontier: Sequence[tuple[int, bytes]]) -> bytes:
    if not frontier:
        return hashlib.sha256(b"").digest()
    found = frontier[-1][1]
    for _, left in reversed(frontier[:-1]):
        found = _node(left, found)
    return found


def _compare_leaves(export: Path, size: int, findings: list[BadLeafError]) -> None:
    """Whether each line is the leaf with the hash of its place."""
    path = export / "leaves.ndjson"
    turns = list(_turns(path))
    for found in _compared(path, export / "hashes.bin", turns, size):
        if found is not None:
            findings.append(BadLeafError(*found))
            return
    count = turns[-1].first + turns[-1].lines if turns else 0
    if count < size:
        findings.append(BadLeafError(count, "is missing"))


@dataclass(frozen=True)
class _Turn:
    """Some lines of the file: where they begin and end, the index of the first, and how many they are."""

    low: int
    high: int
    first: int
    lines: int


def _turns(path: Path) -> Iterator[_Turn]:
    """The file in parts of whole lines."""
    low = first = 0
    with path.open("rb") as file:
        while block := file.read(_TURN):
            block += file.readline()
            lines = block.count(b"\n") + (not block.endswith(b"\n"))
            yield _Turn(low, low + len(block), first, lines)
            low, first = low + len(block), first + lines


def _compared(path: Path, hashes: Path, turns: Sequence[_Turn], size: int) -> Iterator[tuple[int, str] | None]:
    """Of each part the first line that is wrong, in their order; where it is worth it by several processes."""
    given = [(path, hashes, turn, size) for turn in turns]
    if not turns or turns[-1].high < _SHARED:
        yield from map(_first_wrong, given)
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        yield from processes.map(_first_wrong, given)


def _lines(block: bytes) -> list[bytes]:
    return block.removesuffix(b"\n").split(b"\n")


def _first_wrong(given: tuple[Path, Path, _Turn, int]) -> tuple[int, str] | None:
    path, hashes, turn, size = given
    with path.open("rb") as file, hashes.open("rb") as told:
        file.seek(turn.low)
        told.seek(turn.first * _HASH)
        for index, line in enumerate(_lines(file.read(turn.high - turn.low)), start=turn.first):
            what = "no checkpoint is over it" if index >= size else _wrong(line, index, told.read(_HASH))
            if what:
                return index, what
    return None


def _wrong(line: bytes, index: int, signed: bytes) -> str:
    """What is wrong with a line, in whose place a leaf with the hash `signed` was signed; "" if nothing is."""
    try:
        told = _DECODE(line.decode())
        leaf, items = told["leaf"], told["items"]
        if hashlib.sha256(b"\x00" + leaf.encode()).digest() != signed:
            return "another leaf was signed in its place"
        if not leaf.startswith(f'{{"index":{index},'):
            return "belongs in another place"
        return "" if opens(leaf, items) else "an item beside it is not the one that was sealed"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "is no leaf"


def _signed_by(text: str, signatures: str, keys: Sequence[Key]) -> Iterator[tuple[int, Key]]:
    """The trusted keys that signed a text. A signature that is wrong counts as none."""
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        signature = _unbase64(coded)
        for key in keys:
            if dash == "—" and key.name == name and signature[:4] == key.id and _holds(key, text, signature[4:]):
                yield key.kind, key


def _holds(key: Key, text: str, signature: bytes) -> bool:
    message = text
    if key.kind == WITNESS:
        message = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{text}"
        signature = signature[8:]
    try:
        key.public.verify(signature, message.encode())
    except InvalidSignature:
        return False
    return True


def _key(line: str) -> Key:
    name, _, rest = line.partition("+")
    told, _, coded = rest.partition("+")
    material = _unbase64(coded)
    key_id = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    if len(material) != _HASH + 1 or material[0] not in {LOG, WITNESS} or key_id.hex() != told:
        raise UnusableError("a line of the keys is no Ed25519 key")
    return Key(name, material[0], key_id, Ed25519PublicKey.from_public_bytes(material[1:]))


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _unbase64(text: str) -> bytes:
    """What a text stands for; nothing for one that is not written as it would be written."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return found if base64.b64encode(found).decode() == text else b""


if __name__ == "__main__":
    sys.exit(main())

"""What one value adds to the index of a resource that has it.

That depends on the type, on the parameters it stands for and on the value alone, and values come again: codes,
patients, encounters, profiles. So what the last ones add is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from hub.fhir.contained import steps
from hub.fhir.extract import names_by_canonical
from hub.fhir.fold import fold
from hub.fhir.index_values import Codes, IndexValues
from hub.fhir.search_parameters import parameters
from hub.kernel.errors import Category, HubError
from hub.store import tokens as token
from hub.store.promoted import code_parameter, date_parameter, leading_parameters
from hub.store.tokens import lead_number, param_number, token_hashes


class Share(NamedTuple):
    """What one value adds.

    Numbers of parameters, hashes, the key of its target, hashes of the promoted code, texts behind `:text` with their
    hashes, texts to sort by; the parameter by which it names whose record it is in; the promoted code itself.
    """

    params: tuple[int, ...]
    tokens: tuple[bytes, ...] = ()
    target: bytes | None = None
    codings: tuple[bytes, ...] = ()
    phrases: tuple[tuple[UUID, tuple[int, str]], ...] = ()
    sorts: tuple[tuple[int, str], ...] = ()
    lead: str = ""
    coding: tuple[str | None, str | None] = (None, None)


#: Values remembered, some kilobyte each.
_REMEMBERED: Final = 4096


def shares(rtype: str, patient: str | None, values: IndexValues) -> Iterator[Share]:
    """What each hashed value of a resource led by `patient` adds; the references are taken out of `values`.

    Raises HubError INVALID if it names another patient as its own.
    """
    for token_row in values.tokens:
        yield _of_token(rtype, *token_row)
    # Of a report they may be a hundred thousand: each goes as what it adds comes.
    values.references.reverse()
    while values.references:
        codes, target_type, target_id, url = values.references.pop()
        if target_type is None or target_id is None:
            yield _of_url(rtype, codes, url or "")
            continue
        share = _of_reference(rtype, codes, target_type, target_id)
        if share.lead and target_id != patient:
            raise _of_another_patient(f"{rtype}.{share.lead}")
        yield share
    for codes, uri in values.uris:
        # What all types have stands under one parameter, and resources of one message have one source.
        yield _of_uri("Resource" if codes[0].startswith("_") else rtype, codes, uri)
    if values.identifiers_of_type:
        yield from (_of_type(rtype, *row) for row in values.identifiers_of_type)
    if values.reference_identifiers:
        yield from (_of_identifier(rtype, *row) for row in values.reference_identifiers)
    if values.reference_texts:
        yield from (_of_display(rtype, *row) for row in values.reference_texts)


def _of_another_patient(where: str) -> HubError:
    return HubError(
        Category.INVALID,
        "names another patient than the one its record belongs to",
        where=where,
        todo="write it to the record of that patient",
        code="patient-mismatch",
    )


@dataclass(frozen=True, slots=True)
class Parameter:
    """Numbers of a parameter and of those its modifiers stand for, what stands before a key in the hash of a reference,
    and its part in the layout.
    """

    number: int
    reference: bytes
    text: int
    of_type: int
    identifier: int
    is_code: bool
    is_date: bool
    leads: int | None
    sorts: bool
    canonical: bool


@lru_cache(maxsize=4096)
def parameters_of(rtype: str, codes: Codes) -> tuple[Parameter, ...]:
    """The parameters of some codes of a type."""
    return tuple(_parameter(rtype, code) for code in codes)


@lru_cache(maxsize=4096)
def _parameter(rtype: str, code: str) -> Parameter:
    return Parameter(
        number=param_number(rtype, code),
        reference=token.reference_prefix(param_number(rtype, code)),
        text=param_number(rtype, code + ":text"),
        of_type=param_number(rtype, code + ":of-type"),
        identifier=param_number(rtype, code + ":identifier"),
        is_code=code == code_parameter(rtype),
        is_date=code == date_parameter(rtype),
        leads=lead_number(rtype, code) if code in leading_parameters(rtype) else None,
        sorts=is_sorted_by(code),
        canonical=is_canonical(rtype, code),
    )


def is_canonical(rtype: str, code: str) -> bool:
    """Whether one of R4's own reference parameters names definitions by canonical URLs."""
    own = parameters(rtype).get(code)
    return own is not None and own.type == "reference" and bool(own.expression) and names_by_canonical(own)


def is_sorted_by(code: str) -> bool:
    """Whether a token, reference or uri parameter has its text kept for `_sort`: not those of every resource, those of
    what is contained, and those that modifiers look at.
    """
    return not (code.startswith("_") or ":" in code or steps(code))


@lru_cache(maxsize=_REMEMBERED)
def _of_token(rtype: str, codes: Codes, system: str | None, code: str | None, text: str | None) -> Share:
    found = parameters_of(rtype, codes)
    hashes = [token_hashes(one.number, system, code) for one in found]
    phrases = _phrases(found, text)
    return Share(
        params=_numbers(found),
        tokens=(*_bytes(one for several in hashes for one in several), *_bytes(one for one, _ in phrases)),
        codings=tuple(_bytes(one[0] for p, one in zip(found, hashes, strict=True) if p.is_code and code is not None)),
        phrases=phrases,
        sorts=_sorted_by(found, code),
        coding=(system, code),
    )


def _phrases(found: tuple[Parameter, ...], text: str | None) -> tuple[tuple[UUID, tuple[int, str]], ...]:
    folded = fold(text) if text else ""
    return tuple((token.text(one.text, folded), (one.text, folded)) for one in found if folded)


def _numbers(found: tuple[Parameter, ...]) -> tuple[int, ...]:
    return tuple([one.number for one in found])


def _bytes(hashes: Iterable[UUID]) -> list[bytes]:
    return [one.bytes for one in hashes]


@lru_cache(maxsize=_REMEMBERED)
def _of_reference(rtype: str, codes: Codes, target_type: str, target_id: str) -> Share:
    found = parameters_of(rtype, codes)
    pointed = token.key(target_type, target_id).bytes
    leads: dict[int, str] = {}
    if target_type == "Patient":
        leads = {one.leads: code for one, code in zip(found, codes, strict=True) if one.leads is not None}
    named = f"{target_type}/{target_id}"
    return Share(
        (*_numbers(found), *leads),
        tuple([token.hashed(one.reference, pointed) for one in found]),
        pointed,
        sorts=tuple([(one.number, named) for one in found if one.sorts and one.leads not in leads]),
        lead=next(iter(leads.values()), ""),
    )


@lru_cache(maxsize=_REMEMBERED)
def _of_url(rtype: str, codes: Codes, url: str) -> Share:
    """A canonical, or a reference to elsewhere; one to what is contained is there, and found by nothing."""
    found = parameters_of(rtype, codes)
    if url.startswith("#"):
        return Share(_numbers(found))
    bare = url.partition("|")[0]
    above = token.version_prefixes(url) or (url,)
    hashes = (
        hashed
        for one in found
        for hashed in (
            *(token.text(one.number, text) for text in (url, bare)),
            *(token.below(one.number, prefix) for prefix in above),
            *([token.unversioned(one.number, url)] if one.canonical and url == bare else ()),
        )
    )
    return Share(_numbers(found), tuple(_bytes(hashes)), sorts=_sorted_by(found, url))


@lru_cache(maxsize=_REMEMBERED)
def _of_uri(rtype: str, codes: Codes, uri: str) -> Share:
    found = parameters_of(rtype, codes)
    above = (*token.uri_prefixes(uri), *token.version_prefixes(uri))
    hashes = (
        hashed
        for one in found
        for hashed in (token.text(one.number, uri), *(token.below(one.number, prefix) for prefix in above))
    )
    return Share(_numbers(found), tuple(_bytes(hashes)), sorts=_sorted_by(found, uri))


def _sorted_by(found: tuple[Parameter, ...], text: str | None) -> tuple[tuple[int, str], ...]:
    return tuple((one.number, text) for one in found if text and one.sorts)


def _of_type(rtype: str, codes: Codes, system: str | None, code: str, value: str) -> Share:
    found = parameters_of(rtype, codes)
    return Share((), tuple(_bytes(of_type(one.of_type, system, code, value) for one in found)))


def of_type(param: int, system: str | None, code: str, value: str) -> UUID:
    """The hash of an identifier by its type: `system|code|value`."""
    return token.pair(param, (_of_kind(param, system, code), token.text(param, value)))


@lru_cache(maxsize=_REMEMBERED)
def _of_kind(param: int, system: str | None, code: str) -> UUID:
    """The hash of a type: there are few."""
    return token.system_and_code(param, system, code) if system else token.no_system(param, code)


def _of_identifier(rtype: str, codes: Codes, system: str | None, value: str) -> Share:
    """What a reference says of its target's number."""
    found = parameters_of(rtype, codes)
    hashes = (hashed for one in found for hashed in token_hashes(one.identifier, system, value))
    return Share(_numbers(found), tuple(_bytes(hashes)))


@lru_cache(maxsize=_REMEMBERED)
def _of_display(rtype: str, codes: Codes, text: str) -> Share:
    """What a reference says of its target's name."""
    found = parameters_of(rtype, codes)
    phrases = _phrases(found, text)
    return Share(_numbers(found), tuple(_bytes(hashed for hashed, _ in phrases)), phrases=phrases)

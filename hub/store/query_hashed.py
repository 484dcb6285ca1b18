"""Values of token, reference and uri parameters: they are looked up as hashes (R4 search.html 3.1.1.4.10 to 4.13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from hub.fhir.emit_token import BELOW, CONTACTS, FOLDED, SPECIAL_VALUES
from hub.fhir.extract import is_of_media_types, is_of_strings
from hub.fhir.query_text import unescape
from hub.fhir.references import parse_reference
from hub.fhir.search_parameters import RESOURCE_TYPES, Component, parameters
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store import tokens
from hub.store.asked import Asked, Context, pieces
from hub.store.criteria import Bind, Clause, Defines, Ids, Phrases, Tokens
from hub.store.index_shares import of_type
from hub.store.people import EXPAND, people
from hub.store.promoted import leading_parameters
from hub.store.query_ordered import words
from hub.store.query_sets import SETS, members, related

_BOOLEANS: Final = frozenset({"true", "false"})


def hashes(found: Sequence[UUID], *, selective: bool) -> Tokens:
    """A clause for any of some hashes."""
    return Tokens(Bind(list(found), "uuid[]"), selective=selective)


def token(asked: Asked) -> Clause:
    """code, system|code, |code, system|; its modifiers. `_id` looks at keys, and a code system may stand without its
    codes.
    """
    if asked.parameter.code == "_id":
        return _ids(asked)
    if asked.modifier == "text":
        return _phrases(asked)
    if asked.modifier == "below" and is_of_media_types(asked.parameter):
        below = asked.number(BELOW)
        return hashes([tokens.bare_code(below, text.casefold()) for text in asked.texts()], selective=False)
    if asked.modifier in SETS:
        return members(asked)
    if asked.modifier == "of-type":
        return hashes([_of_type(asked.number(":of-type"), value) for value in asked.values], selective=True)
    param = asked.number()
    pairs = [system_and_code(value) for value in asked.values]
    codes = None
    if not asked.modifier and asked.is_promoted_code and all(code for _, code in pairs):
        codes = Bind(list({tokens.bare_code(param, code) for _, code in pairs}), "uuid[]")
    found = Tokens(
        Bind([*(_token_hash(asked, *pair) for pair in pairs), *_folded(asked, pairs)], "uuid[]"),
        negated=asked.modifier == "not",
        codes=codes,
        single=codes is not None and len(codes.value) == 1,
        bare=all(system is None for system, _ in pairs),
        selective=asked.parameter.code == "identifier" and not asked.modifier,
    )
    if not is_of_code_systems(asked):
        return found
    return Defines(found, tuple(code for system, code in pairs if not system))


def _folded(asked: Asked, pairs: Sequence[tuple[str | None, str]]) -> Iterator[UUID]:
    """The same without case, which does not matter of strings."""
    if is_of_strings(asked.parameter):
        for system, code in pairs:
            yield token_hash(asked.number(FOLDED), system, code.casefold())


def _token_hash(asked: Asked, system: str | None, code: str) -> UUID:
    """What is stored without a system may be asked for with one.

    R4's table of tokens gives booleans that of special values, and leaves it to a server how a ContactPoint is found:
    by its own system (`telecom=phone|X`), which other parameters of the type stand for.
    """
    own = asked.parameter
    if system in CONTACTS and code and own.code in {"telecom", system} and system in parameters(own.base):
        return tokens.bare_code(tokens.param_number(own.base, system), code)
    if system in SPECIAL_VALUES and code in _BOOLEANS:
        return tokens.bare_code(asked.number(), code)
    return token_hash(asked.number(), system, code)


def is_of_code_systems(asked: Asked) -> bool:
    """Whether the codes that are defined are asked for."""
    return (asked.parameter.base, asked.parameter.code) == ("CodeSystem", "code")


def _phrases(asked: Asked) -> Phrases:
    return Phrases(asked.param(":text"), tuple(words("prefix", text) for text in asked.texts()))


def _ids(asked: Asked) -> Clause:
    if asked.modifier == EXPAND:
        named = people(asked.texts(), expand=True)
        return Ids(Bind(named.keys.value, "uuid[]"), people=named)
    if asked.modifier not in {"", "not"}:
        raise HubError(Category.UNSUPPORTED, f"modifier :{asked.modifier} is not supported", code="unknown-modifier")
    base = asked.parameter.base
    types = [base] if base in RESOURCE_TYPES else sorted(RESOURCE_TYPES)
    keys = [reference_key(rtype, text) for text in asked.texts() for rtype in types]
    return Ids(Bind(keys, "uuid[]"), negated=asked.modifier == "not")


def system_and_code(value: str) -> tuple[str | None, str]:
    """(None, code) for any system, ("", code) for no system, (system, "") for any code of it."""
    parts = pieces(value)
    if len(parts) > 2 or not any(parts):
        raise HubError(Category.INVALID, "is not a token", todo="write code, system|code, system| or |code")
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def token_hash(param: int, system: str | None, code: str) -> UUID:
    """The hash one token of a search asks for."""
    if system is None:
        return tokens.bare_code(param, code)
    if not system:
        return tokens.no_system(param, code)
    return tokens.system_and_code(param, system, code) if code else tokens.any_code_of(param, system)


def _of_type(param: int, value: str) -> UUID:
    parts = pieces(value)
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise HubError(Category.INVALID, "is not an identifier with its type", todo="write system|code|value")
    return of_type(param, parts[0] or None, parts[1], parts[2])


def reference(asked: Asked) -> Clause:
    """Type/id, id, or another text; `:identifier`, `:text`, `:above`, `:below`, `:Type`, `:mdm`."""
    if asked.modifier == "text":
        return _phrases(asked)
    if asked.modifier in {"above", "below"}:
        return related(asked)
    if asked.modifier == "identifier":
        param = asked.number(":identifier")
        return hashes([token_hash(param, *system_and_code(value)) for value in asked.values], selective=True)
    wanted = "Patient" if asked.modifier == EXPAND else asked.modifier
    targets = (wanted,) if wanted else asked.parameter.targets
    found = [target for text in asked.texts() for target in _targets(text, targets, asked.context)]
    if wanted and any(isinstance(target, str) or target[0] != wanted for target in found):
        raise HubError(Category.INVALID, f"is not the id of a {wanted}", todo="write the id alone")
    patients = [target[1] for target in found if not isinstance(target, str) and target[0] == "Patient"]
    leads = asked.parameter.code in leading_parameters(asked.parameter.base) and len(patients) == len(found)
    return Tokens(
        Bind([_target_hash(asked.number(), target) for target in found], "uuid[]"),
        people=people(patients, expand=asked.modifier == EXPAND) if patients else None,
        prefix=Bind(tokens.reference_prefix(asked.number()), "bytea") if patients else None,
        lead=Bind(tokens.lead_number(asked.parameter.base, asked.parameter.code), "integer") if leads else None,
        selective=True,
    )


def _targets(text: str, targets: Sequence[str], context: Context) -> list[tuple[str, str] | str]:
    """(type, id) of local references a value may mean, or the text of another."""
    local = parse_reference(text, context.base_url)
    if local is not None:
        return [(local.type, local.id)]
    if ":" in text or "/" in text:
        return [text]
    return [(rtype, text) for rtype in targets]


def _target_hash(param: int, target: tuple[str, str] | str) -> UUID:
    if isinstance(target, str):
        return tokens.text(param, target)
    return tokens.reference(param, reference_key(*target))


def uri(asked: Asked) -> Clause:
    """The whole text; `:below` what begins with it at a "/", `:above` the reverse."""
    param, texts = asked.number(), [*asked.texts(), *_local(asked)]
    if asked.modifier == "below":
        return hashes([tokens.below(param, text.rstrip("/")) for text in texts], selective=False)
    if asked.modifier == "above":
        ends = [end for text in texts for start in tokens.uri_prefixes(text) for end in (start, start + "/")]
        return hashes([tokens.text(param, end) for end in ends], selective=False)
    return hashes([tokens.text(param, text) for text in texts], selective=True)


def _local(asked: Asked) -> Iterator[str]:
    """A relative profile is one of this server (R4 search.html 3.1.1.4.1, `_profile`)."""
    if asked.parameter.code == "_profile" and asked.context.base_url:
        for text in asked.texts():
            if parse_reference(text) is not None:
                yield f"{asked.context.base_url}/{text}"


def component(param: int, part: Component, value: str, context: Context) -> UUID:
    """The hash of one part of a composite."""
    if part.type == "token":
        system, code = system_and_code(value)
        if not code:
            raise HubError(Category.UNSUPPORTED, "has a part without a code", todo="write code or system|code")
        return token_hash(param, system, code)
    text = unescape(value)
    local = parse_reference(text, context.base_url) if part.type == "reference" else None
    return _target_hash(param, (local.type, local.id) if local else text)

"""Requests of somebody who means ill or knows no better: every door of the FHIR API, real names, hostile values.

Every value carries the `CANARY`, so an answer that repeats one is found. Names are real ones with real modifiers, since
a refusal may repeat a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from hub.fhir.json import dumps
from hub.fhir.search_parameters import parameters
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.types import Json
from tests.api.house import observation, patient
from tests.fhir.cases import VALID

CANARY: Final = "zqcanary"

#: Types most is known of, then all others.
TYPES: Final = (
    "Patient",
    "Observation",
    "Encounter",
    "Condition",
    "AuditEvent",
    "Consent",
    "Binary",
    "Group",
    "Bundle",
)
IDS: Final = ("F05-known", "F05-new", "F01-foreign", "absent0000", "P-0", ".", "..", f"F05-{CANARY}", CANARY * 8, "")
MODIFIERS: Final = (
    "", "", "", ":exact", ":contains", ":missing", ":not", ":text", ":in", ":of-type", ":identifier", ":above",
    ":below", ":mdm", ":Patient", ":iterate",
)  # fmt: skip
RESULT: Final = (
    "_count", "_sort", "_total", "_summary", "_elements", "_contained", "_include", "_revinclude", "_include:iterate",
    "_cursor", "_type", "_since", "start", "end", "_format", "_pretty", "_at", "_containedType", "_filter", "_query",
)  # fmt: skip
VALUES: Final = (
    "{c}", "", " ", "urn:test:mrn|{c}", "|{c}", "{c}|", "{c}|{c}|{c}", "{c},{c}", "\\,{c}", "{c}\\", "%00{c}",
    "{c}' OR 1=1--", "'; DROP TABLE resources;{c}", "$${c}$$", "{c}%", "{c}_", "({c}", "[{c}", "*{c}", "^({c}+)+$",
    "gt{c}", "ap2026-13-45{c}", "eq9999999999999999999999{c}", "1e999{c}", "-0.{c}", "NaN{c}", "5.4|http://u|{c}",
    "2026-05-19T25:61:00Z{c}", "0000-00-00{c}", "9999-12-31T23:59:60+14:00{c}", "Patient/{c}", "Patient/{c}/_history/9",
    "http://hub.test/fhir/Patient/{c}", "http://evil.test/{c}", "Patient?identifier={c}", "#{c}", "Patient:{c}",
    "沈{c}", "\u202e{c}\ufeff", "\ud83d\ude00{c}".encode("utf-16", "surrogatepass").decode("utf-16"), "{c}" * 400,
    "code eq {c}", "8480-6${c}", "near|{c}", "1.0|2.0|3.0|{c}", "{c}\r\nX-Evil: 1", "<script>{c}</script>",
)  # fmt: skip
WELL: Final = (
    "0", "1", "-1", "5", "999999", "1e3", "true", "2026-05-19", "ge2026", "le2026-05", "female", "8480-6", "F05-known",
    "Patient/F05-known", "http://loinc.org|8480-6", "gt100||mm[Hg]", "-_lastUpdated", "date", "accurate", "none",
    "count", "data", "json", "xml", "*", "Observation:subject", "Observation:patient:Patient", "Patient,Observation",
)  # fmt: skip
JUNK: Final[tuple[Any, ...]] = (
    CANARY, "", 0, -1, 10**30, 1e-30, True, None, [], {}, [None], [[CANARY]], {"stray": CANARY}, [{"id": CANARY}],
    {"reference": f"Patient/{CANARY}"}, {"reference": f"urn:uuid:{CANARY}"}, {"reference": f"Patient?name={CANARY}"},
    {"coding": [{"system": CANARY, "code": CANARY}]}, f"<div>{CANARY}</div>", "2026-02-30", f"9999{CANARY}",
    {"system": "x", "value": 1e300}, {"start": "9999-12-31", "end": "0001-01-01"}, f"\\ud800{CANARY}", "\u0000",
)  # fmt: skip


@dataclass
class Hostile:
    """One request below the base."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


def queries(rtype: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Parameters of a type by its real names, with chains and `_has`, and what they are given."""
    codes = sorted(parameters(rtype)) or ["_id"]
    follows = sorted(code for code, one in parameters(rtype).items() if one.type == "reference") or ["subject"]
    code = st.sampled_from(codes)
    plain = st.builds(lambda name, modifier: name + modifier, code, st.sampled_from(MODIFIERS))
    chain = st.builds(
        lambda head, kind, rest: f"{head}{kind}.{rest}",
        st.sampled_from(follows),
        st.sampled_from(["", ":Patient", ":Observation"]),
        st.sampled_from(["name", "identifier", "_id", "code", "general-practitioner.name", "subject.subject.subject"]),
    )
    has = st.builds(
        lambda source, by, rest: f"_has:{source}:{by}:{rest}",
        st.sampled_from(["Observation", "Encounter", "Group", "AuditEvent", "Patient"]),
        st.sampled_from(["patient", "subject", "entity", "member"]),
        st.sampled_from(["code", "value-quantity", "_has:Observation:encounter:code", "_id"]),
    )
    name = st.one_of(plain, plain, st.sampled_from(RESULT), chain, has)
    return st.lists(st.tuples(name, values()).map(_no_name), max_size=4)


def _no_name(pair: tuple[str, str]) -> tuple[str, str]:
    """Where a value is a name in its turn, which a refusal may repeat, the canary is none."""
    name, value = pair
    naming = name in {"_sort", "_type"} or name.startswith(("_include", "_revinclude"))
    return (name, f"|{value}") if naming and CANARY in value else pair


def values() -> st.SearchStrategy[str]:
    hostile = st.sampled_from(VALUES).map(lambda text: text.replace("{c}", CANARY))
    return st.one_of(hostile, hostile, st.sampled_from(WELL), st.text(max_size=12).map(lambda text: text + CANARY))


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[Any]) -> Any:
    """A valid resource with up to three places changed, left out or doubled."""
    resource = deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 3))):
        owner: Any = resource
        for _ in range(draw(st.integers(0, 4))):
            inner = [part for part in _parts(owner) if isinstance(part, dict | list) and part]
            if not inner:
                break
            owner = draw(st.sampled_from(inner))
        _spoil(draw, owner)
    return resource


def _parts(owner: Any) -> list[Any]:
    return list(owner.values()) if isinstance(owner, dict) else list(owner)


def _spoil(draw: st.DrawFn, owner: Any) -> None:
    keys = sorted(owner) if isinstance(owner, dict) else range(len(owner))
    key = draw(st.sampled_from(list(keys))) if keys else None
    way = draw(st.sampled_from(["junk", "junk", "leave out", "wrap", "double"]))
    if key is None:
        return
    if way == "junk":
        owner[key] = deepcopy(draw(st.sampled_from(JUNK)))
    elif way == "leave out":
        del owner[key]
    elif way == "wrap":
        owner[key] = [owner[key]]
    elif isinstance(owner, list):
        owner.append(deepcopy(owner[key]))
    else:
        owner[f"_{key}"] = deepcopy(owner[key])


def entry(method: str, url: str, resource: Json | None = None, **request: Any) -> Json:
    made: Json = {"request": {"method": method, "url": url, **request}, "fullUrl": "urn:uuid:" + "0" * 8}
    return made if resource is None else {**made, "resource": resource}


RESOURCES: Final[tuple[Json, ...]] = (
    patient(id="F05-known"),
    observation("F05-known", id="F05-known"),
    *VALID.values(),
)
BUNDLES: Final[tuple[Json, ...]] = tuple(
    {"resourceType": "Bundle", "type": kind, "entry": entries}
    for kind in ("batch", "transaction")
    for entries in (
        [entry("POST", "Patient", patient(), ifNoneExist="identifier=urn:test:mrn|mrn-1")],
        [entry("PUT", "Patient?identifier=urn:test:mrn|mrn-1", patient(), ifMatch='W/"1"')],
        [entry("GET", "Patient?name=x&_count=1"), entry("DELETE", "Observation/F05-known")],
        [entry("POST", "Observation", observation("x", subject={"reference": "Patient?identifier=a|b"}))],
        [entry("GET", "Patient/F05-known/_history"), entry("GET", "Patient/F05-known/$everything")],
    )
)
OPERATIONS: Final[tuple[Json, ...]] = (
    {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient()}]},
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "_count", "valueInteger": 1}, {"name": "start", "valueDate": "2026"}],
    },
)


#: Patches of each form by media type.
PATCHES: Final[tuple[tuple[str, Any], ...]] = (
    (
        "application/json-patch+json",
        [
            {"op": "test", "path": "/gender", "value": CANARY},
            {"op": "add", "path": "/name/-", "value": {"text": CANARY}},
            {"op": "copy", "from": "/name", "path": f"/{CANARY}"},
        ],
    ),
    (
        "application/fhir+json",
        {
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "operation",
                    "part": [
                        {"name": "type", "valueCode": "replace"},
                        {"name": "path", "valueString": f"Patient.name.where(family = '{CANARY}').family"},
                        {"name": "value", "valueString": CANARY},
                    ],
                }
            ],
        },
    ),
)


def _headers() -> st.SearchStrategy[dict[str, str]]:
    tags = st.sampled_from(['W/"1"', '"1"', "*", "", '"', f'W/"{CANARY}"', 'W/"99999999999"', '"1","2"', "W/1"])
    dates = st.sampled_from(["Mon, 18 May 2026 00:00:00 GMT", CANARY, "0", "Mon, 99 Foo 0000 25:00:00", "9" * 40])
    criteria = st.sampled_from(["identifier=urn:test:mrn|mrn-1", "", "?", f"x={CANARY}", "_count=1", "a=b&" * 30])
    return st.fixed_dictionaries(
        {},
        optional={
            "if-match": tags,
            "if-none-match": tags,
            "if-modified-since": dates,
            "if-none-exist": criteria,
            "prefer": st.sampled_from(
                ["return=minimal", "handling=lenient", "return=OperationOutcome", f"{CANARY}=;,"]
            ),
            "accept": st.sampled_from(
                ["*/*", "", "application/fhir+json", "application/json;q=0.5", "text/html", CANARY]
            ),
            "content-type": st.sampled_from(["application/fhir+json", "application/json", CANARY, "application/xml"]),
            "content-encoding": st.sampled_from(["gzip", "identity", CANARY]),
            "x-http-method-override": st.just("DELETE"),
            "x-purpose": st.just("BTG"),
        },
    )


def requests() -> st.SearchStrategy[Hostile]:
    """One request: mostly to a door with the method and the kind of body it takes, sometimes to anywhere."""
    return st.one_of(
        _searches(), _searches(), _reads(), _writes(), _writes(), _patches(), _bundles(), _operations(), _chaos()
    )


def _types() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(TYPES), st.sampled_from(TYPES), st.sampled_from(sorted(RESOURCE_TYPES)))


def _url(path: str, params: Sequence[tuple[str, str]] = ()) -> str:
    query = f"?{urlencode(params, errors='surrogatepass')}" if params else ""
    return quote(path, safe="/$") + query


@st.composite
def _searches(draw: st.DrawFn) -> Hostile:
    rtype = draw(st.one_of(_types(), st.just("")))
    params = draw(queries(rtype))
    if draw(st.integers(0, 7)) == 0:
        # By what each of the types has, and the newest of each kind.
        kind = draw(_types())
        among = [("_type", f"{kind},{draw(_types())}"), *draw(queries(kind))]
        rtype, params = draw(st.sampled_from([("", among), ("Observation/$lastn", draw(queries("Observation")))]))
        return Hostile("GET", _url(f"/{rtype}", params), {})
    lenient = {"prefer": "handling=lenient"} if draw(st.integers(0, 2)) else {}
    if draw(st.booleans()):
        return Hostile("GET", _url(f"/{rtype}", params), lenient)
    form = lenient | {"content-type": "application/x-www-form-urlencoded"}
    content = urlencode(params, errors="surrogatepass").encode()
    return Hostile("POST", f"/{rtype}/_search".replace("//", "/"), form, content)


@st.composite
def _reads(draw: st.DrawFn) -> Hostile:
    rtype, rid = draw(_types()), draw(st.sampled_from(IDS))
    version = draw(st.sampled_from(["1", "2", "0", "-1", "99999999999999", CANARY]))
    more = draw(
        st.sampled_from(["", "", "/_history", f"/_history/{version}", "/$everything", "/Observation", "/Patient"])
    )
    params = draw(st.one_of(st.just([]), st.just([]), queries(rtype)))
    return Hostile("GET", _url(f"/{rtype}/{rid}{more}", params), draw(_headers()))


@st.composite
def _writes(draw: st.DrawFn) -> Hostile:
    """Create, update, delete, each plain and conditional."""
    resource = draw(mutated(RESOURCES))
    rtype = resource.get("resourceType") if isinstance(resource, dict) else None
    rtype = rtype if isinstance(rtype, str) and rtype in RESOURCE_TYPES else "Patient"
    rid = draw(st.sampled_from(IDS[:5]))
    criterion = draw(st.one_of(st.just([("identifier", "urn:test:mrn|mrn-1")]), queries(rtype)))
    headers = draw(_headers()) if draw(st.booleans()) else {}
    headers["content-type"] = "application/fhir+json"
    method, path = draw(
        st.sampled_from(
            [("POST", _url(f"/{rtype}")), ("PUT", _url(f"/{rtype}/{rid}")), ("PUT", _url(f"/{rtype}", criterion)),
             ("DELETE", _url(f"/{rtype}/{rid}")), ("DELETE", _url(f"/{rtype}", criterion))]
        )
    )  # fmt: skip
    if method == "DELETE":
        return Hostile(method, path, headers)
    if isinstance(resource, dict) and draw(st.booleans()):
        resource["id"] = rid
    return Hostile(method, path, headers, dumps(resource))


@st.composite
def _patches(draw: st.DrawFn) -> Hostile:
    """Patches, plain and conditional."""
    content_type, document = draw(st.sampled_from(PATCHES))
    path = draw(
        st.sampled_from(["/Patient/F05-known", "/Patient/F01-foreign", "/Patient?identifier=urn:test:mrn|mrn-1"])
    )
    headers = (draw(_headers()) if draw(st.booleans()) else {}) | {"content-type": content_type}
    return Hostile("PATCH", path, headers, dumps(draw(mutated([document]))))


@st.composite
def _bundles(draw: st.DrawFn) -> Hostile:
    headers = draw(_headers()) if draw(st.booleans()) else {}
    headers["content-type"] = "application/fhir+json"
    return Hostile("POST", "", headers, dumps(draw(mutated(BUNDLES))))


@st.composite
def _operations(draw: st.DrawFn) -> Hostile:
    path = draw(
        st.sampled_from(["/Patient/$match", "/Patient/F05-known/$everything", "/Patient/F01-foreign/$everything"])
    )
    return Hostile("POST", path, {"content-type": "application/fhir+json"}, dumps(draw(mutated(OPERATIONS))))


@st.composite
def _chaos(draw: st.DrawFn) -> Hostile:
    """Anything to anywhere."""
    rtype = draw(st.one_of(_types(), st.just(CANARY)))
    rid = draw(st.sampled_from(IDS))
    path = draw(
        st.sampled_from(
            [f"/{rtype}", f"/{rtype}/{rid}", f"/{rtype}/{rid}/_history", f"/{rtype}/_search", "", "/", "/_search",
             "/metadata", f"/{rtype}/{rid}/{CANARY}", f"/{rtype}/_history", "/_history", f"/${CANARY}", "//", "/%2e%2e"]
        )
    )  # fmt: skip
    method = draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]))
    content = draw(st.sampled_from([b"", b"[]", b"null", b"{", b"\xff", f'"{CANARY}"'.encode(), b'{"a":1,"a":2}']))
    return Hostile(method, _url(path, draw(queries(rtype))), draw(_headers()), content if method[0] == "P" else None)

"""Random predicates over few values, so that they meet the records of `strategies`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from hub.kernel.ids import hash128, reference_key
from hub.store import conditions as c
from hub.store.values import Facts, Group, Panel, Relation, Visible
from tests.store.predicate_oracle import World
from tests.store.strategies import CODES, ORGS, PEOPLE, PERSONS, PROFILES, SYSTEMS

AUTHORS = ["Practitioner/p", "Practitioner/q"]
LABELS = ["urn:conf|R", "urn:conf|V", "urn:act|HIV", "urn:act|x|y", "|R", "elsewhere"]
LABEL_SYSTEMS = ["urn:conf", "urn:act", ""]
TYPES = ["Patient", "Observation", "Organization", "Location", "NoSuchType"]
MOMENTS = [datetime(2020, 3, 1, 0, 0, 0, tick, tzinfo=UTC) for tick in range(5)]
KEYS = [reference_key(*pair) for pair in [("Patient", "p1"), ("Organization", "o1"), ("Observation", "b1")]]

moment = st.sampled_from(MOMENTS)
maybe_moment = st.one_of(st.none(), moment)


def _sets(values: list[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


def _time(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    return (start, end) if start is None or end is None or start < end else (start, None)


facts = st.builds(
    lambda org, authors, labels, times, flags: Facts(
        author_org=org,
        authors=tuple(authors),
        labels=tuple(labels),
        clinical_start=times[0],
        clinical_end=times[1],
        flags=flags,
    ),
    st.sampled_from(ORGS),
    _sets(AUTHORS),
    _sets(LABELS),
    st.builds(_time, maybe_moment, maybe_moment),
    st.sampled_from([0, 3]),
)

_leaf = st.one_of(
    st.just(c.Always()),
    st.just(c.Never()),
    st.just(c.Timed()),
    st.builds(c.TypeIn, _sets(TYPES)),
    st.builds(c.HasProfile, _sets(PROFILES)),
    st.builds(c.HasCode, st.frozensets(st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(CODES)), max_size=2)),
    st.builds(c.Labelled, _sets(LABELS)),
    st.builds(c.ForeignLabel, _sets(LABEL_SYSTEMS), _sets(LABELS)),
    st.builds(c.Within, maybe_moment, maybe_moment),
    st.builds(c.Overlaps, maybe_moment, maybe_moment),
    st.builds(c.AuthorOrg, _sets(ORGS)),
    st.builds(c.Author, _sets(AUTHORS)),
    st.builds(c.Is, _sets(KEYS)),
    st.builds(c.RefersTo, _sets(KEYS)),
)


def _combined(inner: st.SearchStrategy[c.Condition]) -> st.SearchStrategy[c.Condition]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(st.builds(c.All, parts), st.builds(c.AnyOf, parts), st.builds(c.Not, inner))


conditions: st.SearchStrategy[c.Condition] = st.recursive(_leaf, _combined, max_leaves=5)

#: Keys of nobody, so that a list is long enough to be hashed.
_CROWD = tuple(hash128(f"Patient/nobody-{number}") for number in range(9))
_people = st.builds(
    lambda ids, crowd: tuple(reference_key("Patient", rid) for rid in ids) + crowd,
    st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True),
    st.sampled_from([(), _CROWD]),
)


def _groups(keys: tuple[UUID, ...], first: c.Condition, second: c.Condition, cut: int) -> tuple[Group, ...]:
    """Two groups that share nobody."""
    return (Group(pkeys=keys[:cut], condition=first), Group(pkeys=keys[cut:], condition=second))


panel = st.builds(
    Panel,
    kind=st.sampled_from(["care", "managed"]),
    parties=st.lists(st.sampled_from(["F01", "Practitioner/p"]), max_size=2).map(tuple),
    at=moment,
    condition=st.one_of(st.just(c.Always()), conditions),
)
_predicate = st.builds(
    Visible,
    types=_sets(TYPES[:4]),
    authored=_sets(TYPES[:4]),
    organizations=st.lists(st.sampled_from(ORGS), max_size=1).map(tuple),
    withheld=st.one_of(st.just(frozenset()), _sets(TYPES[:3])),
    panel=st.one_of(st.none(), panel, panel),
    groups=st.one_of(st.just(()), st.builds(_groups, _people, conditions, conditions, st.integers(0, 9))),
    confined=st.one_of(st.none(), st.none(), _people),
)
visible: st.SearchStrategy[Visible] = st.one_of(st.just(Visible(everything=True)), _predicate, _predicate, _predicate)

_relation = st.builds(
    lambda patient, number, kind, party, low, high: Relation(
        pkey=reference_key("Patient", patient),
        key=hash128(f"Encounter/{number}"),
        kind=kind,
        party=party,
        low=low,
        high=high,
    ),
    st.sampled_from(PEOPLE),
    st.integers(0, 9),
    st.sampled_from(["care", "managed"]),
    st.sampled_from(["F01", "Practitioner/p"]),
    maybe_moment,
    maybe_moment,
)
_owner: Callable[[Relation], Any] = lambda row: (row.pkey, row.key, row.kind, row.party, row.low)  # noqa: E731

worlds = st.builds(
    World,
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(PERSONS), max_size=3),
    st.lists(_relation, max_size=4, unique_by=_owner),
)

"""The tables keep the rules that let them be distributed by patient (anchors: the limits of Citus)."""

from __future__ import annotations

from itertools import combinations

import pytest
from sqlalchemy import Identity, PrimaryKeyConstraint, Table, UniqueConstraint

from hub.db.metadata import metadata
from hub.fhir.search_parameters import RESOURCE_TYPES, parameters
from hub.store import tables
from hub.store.hierarchies import HIERARCHIES
from hub.store.promoted import PROMOTED
from hub.store.resource_types import NAMES, type_name, type_number
from hub.store.tokens import param_number

OURS = [table for table in metadata.tables.values() if table in vars(tables).values()]


def unique_keys(table: Table) -> list[set[str]]:
    constraints = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
    keys = [{column.name for column in constraint.columns} for constraint in constraints]
    keys += [{column.name for column in index.columns} for index in table.indexes if index.unique]
    return [key for key in keys if key]


@pytest.mark.parametrize("table", OURS, ids=lambda table: table.name)
def test_every_table_says_how_it_would_be_distributed(table: Table) -> None:
    assert table.info["kind"] in {"sharded", "by-value", "local"}


@pytest.mark.parametrize("table", [t for t in OURS if t.info["kind"] == "sharded"], ids=lambda table: table.name)
def test_every_unique_constraint_of_a_sharded_table_contains_the_patient_key(table: Table) -> None:
    assert all("pkey" in key for key in unique_keys(table))
    assert not table.c.pkey.nullable
    assert next(iter(table.columns)).name == "pkey"


@pytest.mark.parametrize("table", [t for t in OURS if t.info["kind"] == "by-value"], ids=lambda table: table.name)
def test_every_unique_constraint_of_a_table_by_value_contains_its_first_column(table: Table) -> None:
    first = next(iter(table.columns)).name
    assert unique_keys(table)
    assert all(first in key for key in unique_keys(table))


@pytest.mark.parametrize("table", OURS, ids=lambda table: table.name)
def test_there_are_no_foreign_keys_and_identities_only_on_local_tables(table: Table) -> None:
    assert not table.foreign_keys
    identities = [column for column in table.columns if isinstance(column.server_default, Identity)]
    assert not identities or table.info["kind"] == "local"


def test_resource_type_numbers_name_every_type_once() -> None:
    assert sorted(NAMES) == sorted(RESOURCE_TYPES)
    assert all(type_name(type_number(name)) == name for name in NAMES)


def test_resource_type_numbers_are_what_stored_rows_say() -> None:
    assert [type_number(n) for n in ("Account", "Encounter", "Observation", "Patient", "VisionPrescription")] == [
        1,
        44,
        96,
        103,
        146,
    ]


def test_no_two_parameters_of_a_type_share_a_number() -> None:
    suffixes = ("", ":text", ":identifier", ":of-type", ":leads", ":member")
    everywhere: dict[int, str] = {}
    for rtype in NAMES:
        for code in parameters(rtype):
            for suffix in suffixes:
                name = f"{'Resource' if code.startswith('_') else rtype}.{code}{suffix}"
                assert everywhere.setdefault(param_number(rtype, code + suffix), name) == name


@pytest.mark.parametrize("rtype", sorted(PROMOTED))
def test_promoted_parameters_exist_and_have_the_right_type(rtype: str) -> None:
    code, date = PROMOTED[rtype]
    known = parameters(rtype)
    assert not code or known[code].type == "token"
    assert not date or known[date].type == "date"


@pytest.mark.parametrize(("rtype", "code"), HIERARCHIES.items())
def test_what_holds_a_hierarchy_together_refers_to_its_own_type(rtype: str, code: str) -> None:
    assert parameters(rtype)[code].type == "reference"
    assert rtype in parameters(rtype)[code].targets


def test_index_names_are_distinct() -> None:
    names = [str(index.name) for table in OURS for index in table.indexes]
    assert not [one for one, other in combinations(sorted(names), 2) if one == other]

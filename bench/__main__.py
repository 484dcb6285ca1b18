"""Runs every benchmark, each in a process of its own: python -m bench."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: Not benchmarks: this file, and what others share.
SHARED_CODE = {"__init__", "__main__", "bare", "consented", "cpu", "goals", "mix", "patients", "turns", "whole_hub"}


def main() -> int:
    """Print every benchmark's own report under its name; 1 if one failed."""
    failed = 0
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in SHARED_CODE:
            print(f"\n== {path.stem}", flush=True)
            failed |= subprocess.run([sys.executable, "-m", f"bench.{path.stem}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())

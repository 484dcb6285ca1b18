"""Which hubs run on this machine: lets `yilian token` find the keys of a running hub by its port.

One file per port in a private folder of the user, naming the data folder. Who can read it could read the keys anyway.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hub.kernel.errors import Category, HubError


def registry(environment: Mapping[str, str]) -> Path:
    """The folder of the registry, by the XDG base directory specification."""
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", str(Path.home()))) / ".local/state")
    return Path(base) / "yilian"


@contextmanager
def registered(folder: Path, port: int, data: Path) -> Iterator[None]:
    """Name this hub in the registry while it runs."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    entry = folder / f"{port}.json"
    entry.write_text(json.dumps({"pid": os.getpid(), "data": str(data.resolve())}), encoding="utf-8")
    entry.chmod(0o600)
    try:
        yield
    finally:
        entry.unlink(missing_ok=True)


def running(folder: Path) -> dict[int, Path]:
    """Data folders of the hubs that run now, by port; leftovers of dead ones are passed over."""
    found = {}
    for entry in sorted(folder.glob("*.json")):
        try:
            known = json.loads(entry.read_text(encoding="utf-8"))
            os.kill(known["pid"], 0)
        except (OSError, ValueError, KeyError):
            continue
        found[int(entry.stem)] = Path(known["data"])
    return found


def data_folder(folder: Path, port: int | None, default: Path) -> Path:
    """The data folder of the hub on `port`; without a port `default` if it holds keys, else the only running hub's.

    Raises HubError NOT_FOUND when that cannot be decided.
    """
    hubs = running(folder)
    if port is not None:
        if port in hubs:
            return hubs[port]
        raise HubError(Category.NOT_FOUND, "no hub of this user runs there", where=f"port {port}", todo="name --data")
    if (default / "keys").is_dir():
        return default
    if len(hubs) == 1:
        return next(iter(hubs.values()))
    what = "no hub runs and this folder holds no keys" if not hubs else "several hubs run"
    raise HubError(Category.NOT_FOUND, what, where=str(default), todo="name --data or --url")

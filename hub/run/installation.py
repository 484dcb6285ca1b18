"""The data folder of one installation: its lock, its keys, and what the last `yilian up` was started with."""

from __future__ import annotations

import fcntl
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

from hub.kernel.consortium import Consortium, load
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings

#: The consortium of the demo.
DEMO_CONSORTIUM: Final = Path(str(resources.files("hub.demo"))) / "data" / "consortium.yaml"

_RUN_FILE: Final = "run.json"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Own the data folder while a hub runs on it. Raises HubError CONFLICT when another one does."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HubError(
                Category.CONFLICT,
                "another hub runs on this data folder",
                where=str(data),
                todo="stop it, or name --data",
            ) from None
        yield


@contextmanager
def temporary_data() -> Iterator[Path]:
    """A data folder that goes when the block ends, with all that was in it.

    Others may pass through it but not read it, so the account PostgreSQL runs under reaches its cluster inside.
    """
    with tempfile.TemporaryDirectory(prefix="yilian-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def consortium_file(settings: Settings) -> Path:
    """The consortium file in force: the configured one; the demo's where none is there, never in production."""
    configured: Path = settings.config
    if configured.is_file() or settings.production:
        return configured
    if configured != Path("consortium.yaml"):
        raise HubError(Category.NOT_FOUND, "no such file", where=str(configured))
    return DEMO_CONSORTIUM


def remember(data: Path, config: Path, database_url: str) -> None:
    """Note what this installation runs with, for commands that work beside it. Readable by its owner only."""
    noted = data / _RUN_FILE
    noted.touch(mode=0o600)
    noted.write_text(json.dumps({"config": str(config.resolve()), "database": database_url}), encoding="utf-8")


def consortium_of(data: Path, settings: Settings) -> Consortium:
    """The consortium of the hub on this data folder: that of its last start, else the configured one."""
    return load(config_of(data, settings))


def config_of(data: Path, settings: Settings) -> Path:
    """The consortium file of the hub on this data folder: that of its last start, else the configured one."""
    noted = _noted(data)
    return Path(noted["config"]) if noted else consortium_file(settings)


def database_of(data: Path, settings: Settings) -> str:
    """The database of the hub on this data folder. Raises HubError NOT_FOUND if none ever ran there."""
    noted = _noted(data)
    url: str = settings.database_url or noted.get("database", "")
    if not url:
        raise HubError(Category.NOT_FOUND, "no hub ran on this data folder", where=str(data), todo="start `yilian up`")
    return url


def _noted(data: Path) -> dict[str, str]:
    noted = data / _RUN_FILE
    if not noted.is_file():
        return {}
    loaded: dict[str, str] = json.loads(noted.read_text(encoding="utf-8"))
    return loaded

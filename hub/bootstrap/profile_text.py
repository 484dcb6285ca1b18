"""A facility profile that comes as text, from outside: it may stand on nothing but itself and what the hub ships."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.yamlfile import parse

_NAME: Final = "profile.yaml"


@contextmanager
def profile_file(text: str) -> Iterator[Path]:
    """A file of that text, to be read in the block; what is said of it names it `profile.yaml`.

    Raises HubError UNREADABLE, INVALID with `profile.yaml:line: ...` per complaint.
    """
    _refuse_files(parse(text, _NAME).data)
    with TemporaryDirectory(prefix="yilian-profile-") as folder:
        path = Path(folder) / _NAME
        path.write_text(text, encoding="utf-8")
        try:
            yield path
        except HubError as error:
            what, where = (said.replace(f"{folder}/", "") for said in (error.what, error.where))
            raise HubError(error.category, what, where=where, todo=error.todo, code=error.code) from None


def _refuse_files(data: Any) -> None:
    """A file named in it would be one of this machine's."""
    if not isinstance(data, dict):
        return
    parts = [
        part for key in ("codes", "code_systems") if isinstance(data.get(key), dict) for part in data[key].values()
    ]
    named = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    if any(isinstance(one, str) for one in named) or str(data.get("extends", "")).endswith((".yaml", ".yml")):
        raise HubError(
            Category.INVALID,
            "a profile that is sent may name no files",
            where=_NAME,
            todo="write code maps into it, extend shipped profiles only, or try it from the command line",
            code="profile-files",
        )

import json
from pathlib import Path

import pytest

from hub.kernel.errors import HubError
from hub.run.instances import data_folder, registered, registry, running


def test_a_hub_is_found_by_its_port_while_it_runs(tmp_path: Path) -> None:
    folder, data = tmp_path / "registry", tmp_path / "data"
    with registered(folder, 8123, data):
        assert data_folder(folder, 8123, tmp_path) == data
        assert data_folder(folder, None, tmp_path) == data
    assert running(folder) == {}


def test_the_registry_is_private(tmp_path: Path) -> None:
    with registered(tmp_path / "registry", 8123, tmp_path):
        assert (tmp_path / "registry").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "registry" / "8123.json").stat().st_mode & 0o777 == 0o600


def test_a_hub_that_died_without_a_word_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "8123.json").write_text(json.dumps({"pid": 2**22 + 1, "data": "/nowhere"}), encoding="utf-8")
    (tmp_path / "8124.json").write_text("half a li", encoding="utf-8")
    assert running(tmp_path) == {}


def test_a_folder_with_keys_wins_over_a_running_hub(tmp_path: Path) -> None:
    (tmp_path / "mine" / "keys").mkdir(parents=True)
    with registered(tmp_path / "registry", 8123, tmp_path / "other"):
        assert data_folder(tmp_path / "registry", None, tmp_path / "mine") == tmp_path / "mine"


@pytest.mark.parametrize(("port", "what"), [(9999, "no hub of this user runs there"), (None, "several hubs run")])
def test_what_cannot_be_decided_is_refused(tmp_path: Path, port: int | None, what: str) -> None:
    with (
        registered(tmp_path, 8123, tmp_path / "a"),
        registered(tmp_path, 8124, tmp_path / "b"),
        pytest.raises(HubError, match=what),
    ):
        data_folder(tmp_path, port, tmp_path / "none")


def test_the_registry_follows_the_xdg_specification() -> None:
    assert registry({"XDG_STATE_HOME": "/s"}) == Path("/s/yilian")
    assert registry({"HOME": "/h"}) == Path("/h/.local/state/yilian")

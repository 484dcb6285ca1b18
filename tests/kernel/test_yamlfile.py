"""YAML that people write says the same whether or not libyaml is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.kernel import yamlfile
from hub.kernel.errors import Category, HubError
from hub.kernel.yamlfile import parse, read

ROOT = Path(__file__).parents[2]
#: What is wrong in each, and on which line.
BROKEN = {
    "a: b: c\n": 1,
    "a:\n  - b\n c: 1\n": 3,
    "a: [1, 2\nb: 3\n": 2,
    "a: 'x\n": 2,
    "a: *nobody\n": 1,
    "a: &x 1\nb: !unheard 2\n": 2,
    "a: 1\n--- \nb: 2\n": 2,
    "a: 1\na: 2\n": 2,
    "? [a, b]\n: 1\n": 1,
}


def _files() -> list[Path]:
    return [path for folder in ("hub", "mappings", "tests") for path in sorted((ROOT / folder).rglob("*.yaml"))]


@pytest.fixture
def without_libyaml(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls something as it goes on a machine whose PyYAML has no libyaml."""

    def called(function: Any, *arguments: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(yamlfile, "_FASTEST", yaml.SafeLoader)
            return function(*arguments)

    return called


def test_every_file_of_ours_has_the_same_data_on_the_same_lines(without_libyaml: Any) -> None:
    for path in _files():
        assert read(path) == without_libyaml(read, path), path


@pytest.mark.parametrize(("text", "line"), BROKEN.items())
def test_what_is_wrong_is_said_in_the_same_words(without_libyaml: Any, text: str, line: int) -> None:
    with pytest.raises(HubError) as told:
        parse(text, "x.yaml")
    with pytest.raises(HubError) as plain:
        without_libyaml(parse, text, "x.yaml")
    assert (told.value.category, told.value.where) == (Category.UNREADABLE, f"x.yaml:{line}")
    assert str(told.value) == str(plain.value)

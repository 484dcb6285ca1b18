"""How often a value set is composed for the codes of one request."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest

from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.compose import Composer
from terminology.model import Coding, Stated
from terminology.reading import Concepts
from terminology.validating import Members
from tests.terminology.house import value_set

SYSTEM = "urn:not-loaded"
SET: Json = value_set("urn:sent", {"system": SYSTEM, "concept": [{"code": "a", "display": "甲"}, {"code": "b"}]})


def judged(monkeypatch: pytest.MonkeyPatch, *asked: Stated) -> tuple[list[bool], int]:
    """The verdicts, and how often the set was composed."""
    composing = Mock(wraps=Composer)
    monkeypatch.setattr("terminology.validating.Composer", composing)
    members = Members(Concepts(Mock()))
    found = asyncio.run(members.judged(Catalogue(1, {}, {}), "", asked, SET))
    return [one.result for one in found], composing.call_count


def test_a_set_that_is_sent_is_composed_once_for_a_hundred_codings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Stated(Coding(SYSTEM, code)) for code in "abc" * 33]
    assert judged(monkeypatch, *asked) == ([True, True, False] * 33, 1)


def test_versions_of_several_systems_go_into_one_composition(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Stated(Coding(f"urn:{n}", "a"), version=str(n)) for n in range(9)]
    assert judged(monkeypatch, *asked, Stated(Coding(SYSTEM, "a"), "甲")) == ([False] * 9 + [True], 1)


def test_a_set_is_composed_for_each_version_of_one_system_that_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Stated(Coding("urn:x", "a"), version=version) for version in ("1", "2", "", "1")]
    assert judged(monkeypatch, *asked) == ([False] * 4, 3)

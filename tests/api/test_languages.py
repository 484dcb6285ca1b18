"""Chinese first, English where it is preferred."""

from __future__ import annotations

import pytest

from hub.api.languages import language_of


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("de, en;q=0.5", "en"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("en;q=nonsense", "en"),
        ("en;q=0", "zh"),
    ],
)
def test_the_preferred_of_the_two_languages_is_answered(accepted: str, language: str) -> None:
    assert language_of(accepted) == language

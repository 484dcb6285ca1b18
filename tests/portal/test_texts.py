"""Every word of the pages is there in both languages, and none is there for nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hub.portal
from hub.portal.entry import KINDS
from hub.portal.texts import CODE_FILES, LANGUAGES, TEXT_FILES, Language, load, merged, texts_of

FOLDER = Path(hub.portal.__file__).parent
SOURCES = [path.read_text(encoding="utf-8") for kind in ("*.py", "*.html") for path in sorted(FOLDER.rglob(kind))]


def test_every_text_is_there_in_both_languages_with_the_same_places_to_fill() -> None:
    for key, pair in merged(TEXT_FILES).items():
        assert len(pair) == 2, key
        assert all(pair), key
        assert set(re.findall(r"\{(\w+)\}", pair[0])) == set(re.findall(r"\{(\w+)\}", pair[1])), key


def test_chinese_texts_are_chinese_and_english_ones_are_not() -> None:
    for key, (chinese, english) in merged(TEXT_FILES).items():
        if key not in {"product", "other_language", "comma", "list_comma", "skip"}:
            assert re.search(r"[\u4e00-\u9fff]", chinese), key
            assert not re.search(r"[\u4e00-\u9fff]", english), key


def test_every_text_is_used() -> None:
    built = {f"kind_{kind}" for kind in KINDS} | {f"trend_{row['key']}" for row in load("trends.yaml")}
    built |= {one["key"] for row in load("trends.yaml") for one in row["series"]}
    everything = "\n".join(SOURCES)
    unused = [key for key in merged(TEXT_FILES) if key not in built and f'"{key}"' not in everything]
    assert unused == []


def test_every_text_that_is_asked_for_is_there() -> None:
    texts = merged(TEXT_FILES)
    for source in SOURCES:
        for key in re.findall(r'\b(?:t|say|visit\.say|reading\.say)\("(\w+)"[,)]', source):
            assert key in texts, key


def test_every_code_reads_in_both_languages() -> None:
    for table, codes in merged(CODE_FILES).items():
        for code, pair in codes.items():
            assert len(pair) == 2, (table, code)
            assert bool(pair[0]) == bool(pair[1]), (table, code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_is_not_there_is_an_error_and_a_code_that_is_not_is_left_as_it_came(language: Language) -> None:
    say = texts_of(language)
    with pytest.raises(KeyError):
        say("nothing")
    assert say.code("gender", "mystery", "mystery") == "mystery"

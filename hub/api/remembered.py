"""Answers that were given before, as ready bytes, for questions whose answers change with a revision alone."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from hub.api.fhir.exchange import Answer

#: Bytes of answers kept in a process; what one costs besides.
_MOST: Final = 64 * 1024 * 1024
_BESIDE: Final = 1024
#: A character of a question takes at most so many.
_BYTES_A_CHARACTER: Final = 4


class Remembered:
    """The answers of one revision, up to a number of bytes, their questions among them."""

    def __init__(self, most: int = _MOST) -> None:
        self._most: Final = most
        self._revision = -1
        self._answers: dict[Hashable, Answer] = {}
        self._bytes = 0

    def get(self, revision: int, question: Hashable) -> Answer | None:
        """The answer given under a revision."""
        return self._answers.get(question) if revision == self._revision else None

    def keep(self, revision: int, question: Hashable, answer: Answer) -> None:
        """Those of other revisions go, and all when there are too many; one that is too large is not kept."""
        size = len(answer.body) + _BYTES_A_CHARACTER * len(repr(question)) + _BESIDE
        if revision != self._revision or self._bytes + size > self._most:
            self._answers, self._revision, self._bytes = {}, revision, 0
        if size <= self._most and question not in self._answers:
            self._answers[question] = answer
            self._bytes += size

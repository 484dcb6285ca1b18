"""Texts of statements: which are kept, and that no more values are asked for than can be sent."""

from __future__ import annotations

import pytest
from msgspec import Struct

from hub.kernel.errors import Category, HubError
from hub.store.criteria import Bind
from hub.store.emit import Emitter, statement


class _Plan(Struct, frozen=True):
    values: tuple[Bind, ...]


def _plan(count: int) -> _Plan:
    return _Plan(tuple(Bind(number, "integer") for number in range(count)))


def test_the_text_of_a_shape_is_kept_unless_it_has_very_many_values() -> None:
    written: list[int] = []

    @statement(2)
    def listed(emit: Emitter, plan: _Plan) -> str:
        written.append(len(plan.values))
        return ", ".join(map(emit.use, plan.values))

    assert listed(_plan(2)) == listed(_plan(2)) == ("$1::integer, $2::integer", [0, 1])
    assert listed(_plan(1_001)) == listed(_plan(1_001))
    assert written == [2, 1_001, 1_001]
    assert len(listed(_plan(32_767))[1]) == 32_767
    with pytest.raises(HubError) as refused:
        listed(_plan(32_768))
    assert (refused.value.category, refused.value.code) == (Category.TOO_LARGE, "too-costly")

"""What an expression cannot do: leave the grammar, exhaust the stack, the memory or the processor."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.fhirpath.context import Environment
from hub.fhir.fhirpath.engine import compile_expression
from hub.kernel.errors import Category, HubError
from tests.fhir.fhirpath.ask import OBSERVATION, ask

_WORDS = (
    "name", "given", "value", "contained", "(", ")", "[", "]", ".", ",", "'a'", "1", "2.50", "@2020-01", "@T10:00",
    "{", "}", "=", "~", "<", "and", "or", "implies", "|", "+", "-", "*", "/", "div", "mod", "&", "in", "contains",
    "is", "as", "Patient", "string", "where(", "select(", "repeat(", "descendants()", "exists()", "first()", "$this",
    "$index", "%resource", "3 'kg'", "1 year", "matches(", "substring(", "toString()", "round(", "power(", "iif(",
    "%", "$", "`x`", "ofType(", "resolve()", "extension(", "hasValue()", "aggregate(", "true",
)  # fmt: skip


@pytest.mark.parametrize(
    "expression",
    ["", "a.", "(a", "a)", "a b", "'a", "1..2", "a[", "%", "$that", "@2020-13", "name.where(", "a is", "a as 1",
     "99999999999", "#", "'\\q'", "start end", "name.is(Unheard)", "where()", "name.first(1)", "a.ofType(1)"],
)  # fmt: skip
def test_what_is_no_fhirpath_is_refused(expression: str) -> None:
    with pytest.raises(HubError) as refusal:
        compile_expression(expression)
    assert refusal.value.category is Category.INVALID


@pytest.mark.parametrize("function", ["conformsTo('x')", "elementDefinition()", "checkModifiers('x')", "unheard()"])
def test_functions_that_are_left_out_are_refused_when_the_expression_is_read(function: str) -> None:
    with pytest.raises(HubError) as refusal:
        compile_expression(function)
    assert refusal.value.category is Category.UNSUPPORTED


@pytest.mark.parametrize("opening", ["(", "-(", "a.where(", "{}|(", "a["])
def test_deep_nesting_is_refused_before_the_stack_ends(opening: str) -> None:
    with pytest.raises(HubError) as refusal:
        compile_expression(opening * 1500)
    assert refusal.value.category is Category.TOO_LARGE


def test_long_chains_do_not_use_the_stack() -> None:
    assert ask("1" + " + 1" * 2000) == [2001]
    assert ask("name" + ".first()" * 1000 + ".family") == ["Bai"]
    assert ask("-" * 5000 + "1") == [1]


def test_the_deepest_expression_allowed_is_evaluated() -> None:
    assert ask("iif(true, " * 40 + "1" + ")" * 40) == [1]
    assert ask("(" * 40 + "1" + ")" * 40) == [1]


@pytest.mark.parametrize(
    "expression",
    [
        "descendants().select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants())",
        "(1|2|3|4|5|6|7|8|9).aggregate($total & $total & $total & $total & $total & $total, 'aaaaaaaaaaaaaaaa')",
        "'aaaaaaaaaaaaaaaa'.replace('', %big).replace('', %big).replace('', %big)",
        "(1).repeat($this + 1)",
    ],
)
def test_an_expression_that_multiplies_its_work_is_stopped(expression: str) -> None:
    started = process_time()
    with pytest.raises(HubError) as refusal:
        ask(expression, OBSERVATION, Environment(work=100_000), big="b" * 10_000)
    assert refusal.value.category is Category.TOO_LARGE
    assert process_time() - started < 5


def test_a_regular_expression_takes_linear_time() -> None:
    started = process_time()
    assert ask("%text.matches('(a+)+$')", text="a" * 5000 + "b") == [False]
    assert process_time() - started < 2


@pytest.mark.parametrize("regex", ["(?=a)", r"(a)\\1", "(", "[", "a{2000}"])
def test_a_pattern_that_cannot_be_bounded_is_refused(regex: str) -> None:
    with pytest.raises(HubError) as refusal:
        ask(f"'a'.matches('{regex}')")
    assert refusal.value.category is Category.INVALID


@given(st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join) | st.text(max_size=40))
def test_no_expression_raises_anything_but_a_refusal(expression: str) -> None:
    for resource in (OBSERVATION, {"resourceType": "Observation", "component": {"code": [1]}, "contained": ["x"]}):
        _ask_quietly(expression, resource)


def _ask_quietly(expression: str, resource: Any) -> None:
    try:
        ask(expression, resource, Environment(work=20_000))
    except HubError as refusal:
        # A quoted text is the shortest thing that could be a patient's.
        assert expression == "" or len(expression) < 4 or expression not in str(refusal)

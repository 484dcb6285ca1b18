"""Scopes: never more than asked, nor than registered (SMART App Launch 2.2, scopes-and-launch-context.html)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth.oauth.scope_grants import granted, registrable, resources
from hub.auth.scopes import Letter, allows
from hub.kernel.errors import HubError


@pytest.mark.parametrize(
    ("asked", "registered", "got"),
    [
        ("patient/*.read", ("patient/*.rs",), ("patient/*.rs",)),
        ("user/Observation.write", ("user/*.cruds",), ("user/Observation.cud",)),
        ("user/Observation.*", ("user/*.rs",), ("user/Observation.rs",)),
        ("user/*.cruds", ("user/Patient.rs", "user/Task.c"), ("user/Patient.rs", "user/Task.c")),
        ("user/Patient.rs", ("user/Patient.r", "user/*.s"), ("user/Patient.rs",)),
        ("patient/*.cruds", ("patient/*.rs",), ("patient/*.rs",)),
        ("system/*.rs", ("user/*.rs",), ()),
        ("patient/Observation.rs?date=gt2020", ("patient/*.rs",), ()),
        ("openid nonsense launch/patient", ("openid",), ("openid",)),
        ("patient/*.rs patient/*.rs", ("patient/*.rs",), ("patient/*.rs",)),
        ("", ("patient/*.rs",), ()),
    ],
)
def test_what_is_granted(asked: str, registered: tuple[str, ...], got: tuple[str, ...]) -> None:
    assert granted(asked, registered) == got


_LETTERS = st.lists(st.sampled_from("cruds"), unique=True, min_size=1).map(
    lambda some: "".join(sorted(some, key="cruds".index))
)
_SCOPE = st.builds(
    "{}/{}.{}".format, st.sampled_from(("user", "system")), st.sampled_from(("*", "Patient", "Task")), _LETTERS
)


@settings(max_examples=150)
@given(st.lists(_SCOPE, max_size=3), st.lists(_SCOPE, max_size=3))
def test_the_gate_allows_what_is_granted_only_where_it_allows_what_was_asked_and_registered(
    asked: list[str], registered: list[str]
) -> None:
    got = granted(" ".join(asked), registered)
    for context in ("user", "system"):
        for kind in ("Patient", "Task", "Other"):
            for letter in ("c", "r", "u", "d", "s"):
                assert _allowed(got, context, kind, letter) == (
                    _allowed(asked, context, kind, letter) and _allowed(registered, context, kind, letter)
                )


def _allowed(scopes: list[str] | tuple[str, ...], context: str, kind: str, letter: Letter) -> bool:
    of_context = [scope for scope in scopes if scope.startswith(context)]
    return bool(of_context) and allows(of_context, kind, letter)


def test_what_the_gate_cannot_enforce_is_refused_at_registration() -> None:
    assert registrable(("patient/*.read", "openid", "api/feeds"), ("patient",)) == (
        "patient/*.rs",
        "openid",
        "api/feeds",
    )
    with pytest.raises(HubError, match="search arguments"):
        registrable(("patient/Observation.rs?date=gt2020",), ("patient",))
    for scope in ("patient/Observation.c", "system/*.rs", "everything", "api/../x", ""):
        with pytest.raises(HubError, match="cannot be enforced"):
            registrable((scope,), ("patient", "user"))


def test_a_text_that_is_no_resource_scope_is_none() -> None:
    assert resources("patient/observation.rs") is None
    assert resources("patient/Observation.sr") is None

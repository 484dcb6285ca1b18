"""Redirect URIs: what may be registered, and that comparison is exact (OAuth 2.1 sections 2.3.1 and 4.1.3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth.oauth.redirects import check_redirect, is_registered, policy_source
from hub.kernel.errors import HubError

GOOD = (
    "https://app.test/callback",
    "https://app.test:8443/a/b?tenant=1",
    "http://127.0.0.1:3000/",
    "http://localhost/cb",
    "http://[::1]:3000/cb",
    "com.example.app:/callback",
)
BAD = (
    "",
    "/callback",
    "http://app.test/callback",
    "https://app.test",
    "https://app.test/#x",
    "https://user@app.test/",
    "https://app.test/../other",
    "https://app.test/a;script-src%20*",
    "https://app.test/ x",
    "https://app.test/密",
    "https://app.test:99999/",
    "https://*.app.test/",
    "https:/app.test/",
    "javascript:alert(1)",
    "data:text/html,x",
    "app:/callback",
    "com.example.app://host/callback",
    "com.example.app:callback",
    "https://app.test/\r\nset-cookie:x",
    "https://app.test/" + "x" * 2000,
)


@pytest.mark.parametrize("uri", GOOD)
def test_https_this_machine_and_own_schemes_may_be_registered(uri: str) -> None:
    assert check_redirect(uri) == uri


@pytest.mark.parametrize("uri", BAD)
def test_what_could_lead_elsewhere_may_not(uri: str) -> None:
    with pytest.raises(HubError, match="no address answers may be sent to"):
        check_redirect(uri)


@settings(max_examples=200)
@given(st.sampled_from(GOOD), st.text(max_size=12), st.integers(0, 40))
def test_only_the_very_same_text_is_registered(uri: str, more: str, at: int) -> None:
    changed = uri[:at] + more + uri[at:]
    assert is_registered(changed, (uri,)) is (changed == uri)


@settings(max_examples=200)
@given(st.text(st.characters(max_codepoint=0x17F), max_size=40), st.sampled_from(("https://app.test/", "")))
def test_what_is_registered_adds_one_source_to_the_policy_and_no_more(tail: str, head: str) -> None:
    try:
        source = policy_source(check_redirect(head + tail))
    except HubError:
        return
    assert not set(source) & set(" ;,'\"\r\n*")
    assert source.isascii()

"""Registration: an application gets no more than an administrator wrote down, and what cannot be is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey, OKPKey

from hub.auth.directory import Directory
from hub.auth.oauth.clients import BACKEND, CONFIDENTIAL, PUBLIC, RESOURCE, Client, checked
from hub.auth.public_keys import check_keys
from hub.kernel.errors import Category, HubError
from tests.auth.consortium import CONSORTIUM
from tests.auth.oauth.house import APP, House, Visiting

KEY: Final = ECKey.generate_key("P-384", {"kid": "k1"})
KEYS: Final = {"keys": [KEY.as_dict(private=False)]}
#: 1024 bits.
SHORT: Final = {"kty": "RSA", "kid": "s", "e": "AQAB", "n": "w" * 171}
#: The same number with zeros before it, so that its text is as long as a strong one's.
PADDED: Final = SHORT | {"n": "A" * 172 + "w" * 172}
FEED: Final = Client(
    id="lis", name="检验系统", kind=BACKEND, scopes=("api/feeds",), organization="F03", roles=("feed",), jwks=KEYS
)


@pytest.mark.parametrize(
    "client",
    [
        APP,
        replace(APP, kind=CONFIDENTIAL, jwks=KEYS),
        FEED,
        Client(id="pacs", name="影像", kind=RESOURCE, organization="F01", jwks=KEYS),
    ],
)
def test_what_may_be_registered(client: Client) -> None:
    assert checked(client, Directory(CONSORTIUM)).id == client.id


@pytest.mark.parametrize(
    ("client", "changes", "where"),
    [
        (APP, {"id": "Growth"}, "id"),
        (APP, {"id": "pages"}, "id"),
        (APP, {"id": "yilian"}, "id"),
        (APP, {"kind": "native"}, "kind"),
        (APP, {"name": " "}, "name"),
        (APP, {"redirect_uris": ()}, "redirect-uri"),
        (APP, {"redirect_uris": ("http://app.test/",)}, "redirect-uri"),
        (APP, {"launch_uri": "javascript:x"}, "launch-uri"),
        (APP, {"scopes": ()}, "scope"),
        (APP, {"scopes": ("system/*.rs",)}, "scope"),
        (APP, {"roles": ()}, "role"),
        (APP, {"roles": ("administrator",)}, "role"),
        (APP, {"roles": ("root",)}, "role"),
        (APP, {"purposes": ("BTG",), "roles": ("clinician",)}, "purpose"),
        (APP, {"purposes": ("HRESCH",)}, "purpose"),
        (APP, {"organization": "F99"}, "organization"),
        (APP, {"access_seconds": 86_400}, "lifetime"),
        (APP, {"refresh_seconds": 10**9}, "lifetime"),
        (APP, {"kind": CONFIDENTIAL}, "jwks"),
        (FEED, {"organization": ""}, "organization"),
        (FEED, {"roles": ("feed", "auditor")}, "role"),
        (FEED, {"roles": ("patient",)}, "role"),
        (FEED, {"scopes": ("user/*.rs",)}, "scope"),
        (FEED, {"redirect_uris": ("https://app.test/",)}, "redirect-uri"),
        (FEED, {"kind": RESOURCE, "roles": (), "organization": ""}, "scope"),
    ],
)
def test_what_may_not_be_registered(client: Client, changes: Mapping[str, Any], where: str) -> None:
    with pytest.raises(HubError) as refusal:
        checked(replace(client, **changes), Directory(CONSORTIUM))
    assert (refusal.value.category, refusal.value.where) == (Category.INVALID, where)


def test_a_key_is_public_named_and_strong() -> None:
    public = KEY.as_dict(private=False)
    assert check_keys(KEYS) == KEYS
    for bad in (
        [KEY.as_dict(private=True)],
        [public, public],
        [{name: value for name, value in public.items() if name != "kid"}],
        [OKPKey.generate_key("Ed25519", {"kid": "e"}).as_dict(private=False)],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}],
        [public | {"x": "AAAA"}],
        [SHORT],
        [PADDED],
        [],
        ["x"],
        "x",
    ):
        with pytest.raises(HubError) as refusal:
            check_keys({"keys": bad})
        assert refusal.value.where == "jwks"


def test_a_client_is_registered_once_shown_and_disabled(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        with pytest.raises(HubError) as refusal:
            await home.clients.add(APP)
        assert refusal.value.category is Category.CONFLICT
        await home.clients.set_disabled(APP.id, True)
        assert (APP.id, PUBLIC, True) in [(one.id, one.kind, one.disabled) for one in await home.clients.all()]
        with pytest.raises(HubError, match="no keys"):
            await home.clients.set_keys(APP.id, KEYS)
        for work in (home.clients.named("x"), home.clients.set_disabled("x", True)):
            with pytest.raises(HubError) as refusal:
                await work
            assert refusal.value.category is Category.NOT_FOUND

    visiting(visit)

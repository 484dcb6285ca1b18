"""Style and scripts: what is vendored is what was published, and nothing else is served."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from hub.portal.files import files
from tests.portal.house import House, in_house

#: SHA-256 of the files as the npm packages of that version hold them.
VENDORED = {
    # htmx.org 2.0.11, dist/htmx.min.js
    "htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    # echarts 6.1.0, dist/echarts.common.min.js
    "echarts.common.min.js": "61f13280aba3161f77fc801bf5f9c786f55f10432153a0683fc5cc0700b013d5",
}


@pytest.mark.parametrize("name", VENDORED)
def test_vendored_scripts_are_unchanged_and_have_their_licence_beside_them(name: str) -> None:
    assert hashlib.sha256(files()[name].content).hexdigest() == VENDORED[name]
    licences = resources.files("hub.portal") / "static" / "licences"
    assert (licences / f"{name.partition('.')[0]}-LICENSE.txt").is_file()


def test_every_script_is_ours_or_vendored() -> None:
    assert {name for name in files() if name.endswith(".js")} == {"hub.js", *VENDORED}


def test_our_own_files_ask_for_nothing_from_elsewhere() -> None:
    for name in ("hub.js", "hub.css"):
        text = files()[name].content.decode()
        assert "http" not in text
        assert "//" not in text.replace("// ", "")
        assert "@import" not in text


def test_files_are_served_under_a_name_that_changes_with_them_and_no_other(database_url: str) -> None:
    async def visit(home: House) -> None:
        for file in files().values():
            answer = await home.get(file.address)
            assert answer.status_code == 200
            assert answer.content == file.content
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["x-content-type-options"] == "nosniff"
        for path in (
            "/static/000000000000/hub.css", "/static/x/../hub.css", "/static/licences/htmx-LICENSE.txt",
            "/static/x/%2e%2e%2fportal.py", "/static/hub.css",
        ):  # fmt: skip
            assert (await home.get(path)).status_code == 404, path

    in_house(database_url, visit, empty=True)

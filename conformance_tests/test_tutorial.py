"""The tutorial, followed word for word: its files, its message, its question."""

import re
from pathlib import Path

from conformance_tests.running_hub import first_hub

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial" / "first-feed.md"


def blocks() -> dict[str, str]:
    """The fenced blocks of the page by what they begin with."""
    found = re.findall(r"```\w*\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return {text.split("\n", 1)[0]: text for text in found}


def test_the_tutorial_leads_where_it_says(tmp_path: Path) -> None:
    page = blocks()
    consortium = page["name: My county"].replace("port: 2575", "port: 0")
    (tmp_path / "consortium.yaml").write_text(consortium, encoding="utf-8")
    (tmp_path / "h1-his.yaml").write_text(page["name: h1-his"], encoding="utf-8")
    message = next(text for first, text in page.items() if first.startswith("MSH|"))
    (tmp_path / "a01.hl7").write_text(message, encoding="utf-8")
    with first_hub(tmp_path, "--config", str(tmp_path / "consortium.yaml")) as hub:
        assert "no complaints" in hub.yilian("check", str(tmp_path / "consortium.yaml")).stdout
        port = str(hub.ready["mllp"]["h1-his"])
        assert "\tAA\t" in hub.yilian("send", "mllp", "127.0.0.1", port, str(tmp_path / "a01.hl7")).stdout
        administrator = hub.client("administrator", "H1")
        while any(row["state"] == "queued" for row in administrator.get("api/messages/summary")["messages"]):
            pass
        asked = re.search(r"/(fhir/Patient\?[^']*)'", page["TOKEN=$(yilian token --role clinician --organization H1)"])
        assert asked
        found = hub.client("clinician", "H1").get(asked[1])
    assert [entry["resource"]["name"][0]["text"] for entry in found["entry"]] == ["测试甲"]

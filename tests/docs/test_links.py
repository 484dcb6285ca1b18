import re
from pathlib import Path

import pytest

from hub.cli.commands import COMMANDS
from hub.kernel.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_inside_the_documentation_leads_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_setting_and_command_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"^yilian ([\w-]+)", text, re.MULTILINE)) <= set(COMMANDS)
    variables = {s.variable for s in SETTINGS} | {"YILIAN_SHARED", "YILIAN_SOAK", "YILIAN_"}
    assert set(re.findall(r"YILIAN_[A-Z_]*", text)) <= variables


def test_the_two_readmes_show_the_same_commands() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    block = re.compile(r"^(make \w+|yilian [^#\n]*)", re.MULTILINE)
    assert [c.strip() for c in block.findall(english)] == [c.strip() for c in block.findall(chinese)]

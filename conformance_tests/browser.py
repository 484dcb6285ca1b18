"""The browser of this machine, for tests of what people see; a test is skipped where there is none."""

from __future__ import annotations

import shutil

import pytest


def chromium() -> str:
    """Where Chromium is."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("needs Chromium on the machine")
    return found

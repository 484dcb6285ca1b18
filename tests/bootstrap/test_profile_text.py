"""A profile that comes from outside as text: read like a file, and it opens none of this machine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.bootstrap.profile_text import profile_file
from hub.kernel.errors import Category, HubError
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.load import load


def profile_of_text(text: str) -> Profile:
    with profile_file(text) as path:
        return load(path)


def test_a_profile_is_read_from_text_and_may_extend_a_shipped_one() -> None:
    profile = profile_of_text("name: h1-his\nextends: china-common\nzone: '+06:00'\n")
    assert (profile.name, profile.zone) == ("h1-his", "+06:00")
    assert profile.steps


@pytest.mark.parametrize(
    "line",
    [
        "extends: ../secret.yaml",
        "extends: /etc/secret.yml",
        "codes: {OBX-3: items.csv}",
        "codes: {OBX-3: [{K: {system: 'urn:x', code: k}}, items.csv]}",
        "code_systems: {L: ../items.csv}",
    ],
)
def test_a_profile_that_names_a_file_is_refused_before_any_is_opened(line: str) -> None:
    with pytest.raises(HubError) as refusal:
        profile_of_text(f"name: h1-his\n{line}\n")
    assert refusal.value.code == "profile-files"


def test_what_is_wrong_is_told_by_line_and_not_by_folder() -> None:
    with pytest.raises(HubError) as refusal:
        profile_of_text("name: h1-his\nzone: here\n")
    assert refusal.value.category is Category.INVALID
    assert refusal.value.what.startswith("profile.yaml:2: zone")
    assert not any(part in str(refusal.value) for part in ("yilian-profile-", str(Path("/tmp"))))  # noqa: S108
    for text in ("name: [", "- 1", ""):
        with pytest.raises(HubError):
            profile_of_text(text)

"""The closed tables of section 2, written down a second time in the rules' own order."""

from __future__ import annotations

from consent.tables import PURPOSE_KINDS, RANKS, RESEARCH_PURPOSES, ROLES, SENSITIVITY_KINDS


def test_the_kinds_of_purposes_are_transitive_and_no_others_exist() -> None:
    assert {code: set(kinds) - {code} for code, kinds in PURPOSE_KINDS.items()} == {
        "TREAT": set(),
        "COC": {"TREAT"},
        "CAREMGT": {"TREAT"},
        "ETREAT": {"TREAT"},
        "BTG": {"ETREAT", "TREAT"},
        "HOPERAT": set(),
        "HQUALIMP": {"HOPERAT"},
        "PUBHLTH": set(),
        "HRESCH": set(),
        "CLINTRCH": {"HRESCH"},
        "BIORCH": {"HRESCH"},
        "PATRQT": set(),
        "FAMRQT": {"PATRQT"},
        "PRODRD": set(),
    }


def test_every_purpose_of_a_role_is_known() -> None:
    assert {purpose for role in ROLES.values() for purpose in role.purposes} == PURPOSE_KINDS.keys()
    assert {"HRESCH", "CLINTRCH", "BIORCH", "PRODRD"} == RESEARCH_PURPOSES


def test_confidentiality_and_sensitivity() -> None:
    assert sorted(RANKS, key=RANKS.__getitem__) == ["U", "L", "M", "N", "R", "V"]
    assert {code: set(kinds) for code, kinds in SENSITIVITY_KINDS.items() if len(kinds) > 1} == {
        "PSYTHPN": {"PSYTHPN", "PSY"},
        "ETHUD": {"ETHUD", "ETH"},
        "OPIOIDUD": {"OPIOIDUD", "ETH"},
    }
    assert SENSITIVITY_KINDS.keys() == {
        *("HIV", "STD", "PSY", "PSYTHPN", "SEX", "SDV", "ETH", "ETHUD", "OPIOIDUD", "GDIS"),
    }

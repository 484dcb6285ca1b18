"""The roles tokens are issued for and the roles the consent rules decide on are the same, with the same ceilings."""

from __future__ import annotations

from consent.tables import ROLES as DECIDED
from hub.auth.roles import ROLES as ISSUED


def test_both_tables_name_the_same_roles_with_the_same_purposes_and_forms() -> None:
    issued = {name: (set(r.purposes), set(r.forms)) for name, r in ISSUED.items() if r.in_consent_rules}
    assert issued == {name: (set(r.purposes), set(r.forms)) for name, r in DECIDED.items()}

"""Accounts of the demo's pages, each with a new random password that is told once and kept nowhere but hashed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.auth.accounts import Account, Accounts
from hub.auth.directory import Directory
from hub.db.database import Database
from hub.demo.staff import staff
from hub.demo.stage import Stage
from hub.demo.story import data, persons
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError

#: Random bytes of a password: 96 bits.
_PASSWORD_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody signs in with; `display` says who it is."""

    name: str
    password: str
    display: str


async def sign_ins(
    database_url: str,
    consortium: Consortium,
    stage: Stage,
    *,
    new_password: Callable[[], str] = lambda: secrets.token_urlsafe(_PASSWORD_BYTES),
) -> list[SignIn]:
    """Make the accounts of `accounts.yaml`; one that is there already gets a new password.

    Raises HubError UNAVAILABLE when the database is away.
    """
    database = await Database.connect(database_url, size=1, name="yilian-demo")
    try:
        accounts = Accounts(database, Directory(consortium), system_clock)
        return [await _open(accounts, _account(name, row, stage), new_password()) for name, row in _rows()]
    finally:
        await database.close()


def _rows() -> list[tuple[str, Mapping[str, Any]]]:
    return list(data("accounts.yaml").items())


def _account(name: str, row: Mapping[str, Any], stage: Stage) -> Account:
    if "role" in row:
        return Account(name=name, practitioner=None, patient=None, **row)
    if "staff" in row:
        person = staff()[row["staff"]]
        return Account(
            name=name,
            role=person.role,
            organization=person.facility,
            practitioner=person.id,
            patient=None,
            display=f"{person.name}（{person.title}）",
        )
    return Account(
        name=name,
        role="patient",
        organization="",
        practitioner=None,
        patient=stage.meant(row["patient"]),
        display=persons()[row["person"]].name,
    )


async def _open(accounts: Accounts, account: Account, password: str) -> SignIn:
    try:
        await accounts.add(account, password)
    except HubError as error:
        if error.category is not Category.CONFLICT:
            raise
        await accounts.set_password(account.name, password)
    return SignIn(account.name, password, account.display)

"""Rules, proxies and approvals in their tables, and the epoch that counts their changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub.auth import approvals, consent_rules, proxies
from hub.auth.approvals import ETHICS, Approval
from hub.auth.consent_rules import ConsentRule
from hub.auth.proxies import Proxy
from hub.db.database import Database, Tx
from hub.kernel.ids import reference_key
from tests.auth.consortium import NOW

T = TypeVar("T")


def _rule(
    consent_id: str, patient: str = "w", version: int = 1, *actors: str, compiled: bytes = b"formA1"
) -> ConsentRule:
    return ConsentRule(
        id=consent_id, patient=patient, version=version, status="active", actors=actors, compiled=compiled
    )


def _proxy(proxy_id: str, patient: str = "w", status: str = "active") -> Proxy:
    return Proxy(
        id=proxy_id,
        patient=patient,
        reference=f"RelatedPerson/{proxy_id}",
        kind="parent",
        status=status,
        period={"start": "2026-01"},
        scope=("read", "consent"),
        evidence="file 17",
        recorded=NOW,
    )


def _in_transaction(url: str, work: Callable[[Tx], Awaitable[T]]) -> T:
    async def run() -> T:
        database = await Database.connect(url, size=1)
        try:
            async with database.transaction() as tx:
                return await work(tx)
        finally:
            await database.close()

    return asyncio.run(run())


def test_the_newest_version_of_a_consent_stands_for_it(database_url: str) -> None:
    async def work(tx: Tx) -> None:
        await consent_rules.put(tx, _rule("c1"))
        await consent_rules.put(tx, _rule("c1", "w", 2, "Organization/F01", compiled=b"formA2"))
        await consent_rules.put(tx, _rule("c0", "x"))
        assert await consent_rules.of_pkeys(tx, [reference_key("Patient", "w")]) == [
            _rule("c1", "w", 2, "Organization/F01", compiled=b"formA2")
        ]
        both = await consent_rules.of_pkeys(tx, [reference_key("Patient", "w"), reference_key("Patient", "x")])
        assert [rule.id for rule in both] == ["c0", "c1"]
        await consent_rules.remove(tx, "c1")
        assert await consent_rules.of_pkeys(tx, [reference_key("Patient", "w")]) == []

    _in_transaction(database_url, work)


def test_whoever_is_named_finds_the_patients_who_named_them(database_url: str) -> None:
    async def work(tx: Tx) -> None:
        await consent_rules.put(tx, _rule("c1", "w", 1, "Organization/F01", "Practitioner/gao"))
        await consent_rules.put(tx, _rule("c2", "w", 1, "Practitioner/gao"))
        await consent_rules.put(tx, _rule("c3", "x", 1, "Organization/F05"))
        assert await consent_rules.naming(tx, ["Practitioner/gao"]) == {reference_key("Patient", "w")}
        assert await consent_rules.naming(tx, ["Practitioner/ga", "Organization/F0"]) == set()

    _in_transaction(database_url, work)


def test_rules_compiled_under_another_form_are_found(database_url: str) -> None:
    async def work(tx: Tx) -> None:
        await consent_rules.put(tx, _rule("c1", compiled=b"formA..."))
        await consent_rules.put(tx, _rule("c2", compiled=b"formB..."))
        await consent_rules.put(tx, _rule("c3", compiled=b""))
        assert [rule.id for rule in await consent_rules.of_another_form(tx, b"formA")] == ["c2", "c3"]

    _in_transaction(database_url, work)


def test_the_epoch_counts_every_change_and_none_that_was_rolled_back(database_url: str) -> None:
    async def run() -> list[int]:
        database = await Database.connect(database_url, size=8)

        async def change(keep: bool) -> None:
            try:
                async with database.transaction() as tx:
                    await consent_rules.raise_epoch(tx)
                    if not keep:
                        raise LookupError
            except LookupError:
                pass

        async with database.connection() as tx:
            before = await consent_rules.current_epoch(tx)
        await asyncio.gather(*(change(number % 3 > 0) for number in range(12)))
        async with database.connection() as tx:
            after = await consent_rules.current_epoch(tx)
        await database.close()
        return [before, after]

    assert asyncio.run(run()) == [0, 8]


def test_a_proxy_comes_back_as_it_was_put_and_as_the_rules_take_it(database_url: str) -> None:
    async def work(tx: Tx) -> None:
        await proxies.put(tx, _proxy("p1"))
        await proxies.put(tx, _proxy("p2", "x"))
        assert await proxies.of_pkeys(tx, [reference_key("Patient", "w")]) == [_proxy("p1")]
        assert _proxy("p1").entry() == {
            "reference": "RelatedPerson/p1",
            "type": "parent",
            "status": "active",
            "period": {"start": "2026-01"},
            "scope": ["read", "consent"],
        }
        await proxies.put(tx, _proxy("p1", status="inactive"))
        assert await proxies.named(tx, "p1") == _proxy("p1", status="inactive")
        assert await proxies.named(tx, "p3") is None

    _in_transaction(database_url, work)


def test_an_approval_comes_back_as_it_was_put(database_url: str) -> None:
    given = Approval(id="a1", kind=ETHICS, content={"status": "approved", "resourceTypes": []}, recorded=NOW)
    ended = Approval(id="a1", kind=ETHICS, content={"status": "revoked"}, recorded=NOW)

    async def work(tx: Tx) -> None:
        await approvals.put(tx, given)
        assert await approvals.named(tx, "a1") == given
        await approvals.put(tx, ended)
        assert await approvals.named(tx, "a1") == ended
        assert await approvals.named(tx, "a2") is None

    _in_transaction(database_url, work)

"""What the pages need, handed in by whoever wires the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.auth.accounts import Accounts
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.external.sign_in import ExternalSignIn
from hub.auth.oauth.authorisation import Authorisation
from hub.auth.oauth.launches import Launches
from hub.auth.second_factor import SecondFactors
from hub.auth.sessions import Sessions
from hub.gate.authorisations import Authorisations
from hub.gate.gate import Gate
from hub.gate.origin import Origin
from hub.gate.persons import Persons
from hub.gate.sign_ins import SignIns
from hub.kernel.clock import Clock
from hub.kernel.log import Log
from hub.kernel.ports import Names
from hub.outbound.desk import OutboundDesk
from hub.pipeline.code_entries import CodeEntries
from hub.pipeline.codes import SeenCodes
from hub.pipeline.engineer import Engineer
from hub.pipeline.feeds import Feeds
from hub.pipeline.repair import Repairs
from hub.records.consent_doors import ConsentDoors


class CodeTools(Protocol):
    """The queue of local codes, their meanings, and the messages that met them."""

    @property
    def codes(self) -> SeenCodes: ...

    @property
    def entries(self) -> CodeEntries: ...

    @property
    def repairs(self) -> Repairs: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalServices:
    """Doors and facts of the pages. `secure` when browsers reach the hub by TLS: cookies then never go without it.

    `names` has those of codes. `new_number` numbers requests, for the log, the audit trail and support. `viewers` are
    those of imaging studies, by the reference of the Endpoint that a study names. `receivers` are the facilities of
    outbound feeds. `external` is the provider that users may sign in by, if there is one. `codes` is where engineers
    work on local codes; `engineer` makes one of who asks.
    """

    gate: Gate
    persons: Persons
    accounts: Accounts
    second_factors: SecondFactors
    sign_ins: SignIns
    sessions: Sessions
    authorisation: Authorisation
    launches: Launches
    authorisations: Authorisations
    directory: Directory
    names: Names
    law: ConsentDoors
    feeds: Feeds
    outbound: OutboundDesk
    receivers: Mapping[str, str]
    engineer: Callable[[Actor, Origin], Engineer]
    clock: Clock
    log: Log
    new_number: Callable[[], str]
    version: str
    secure: bool
    external: ExternalSignIn | None = None
    viewers: Mapping[str, str] = field(default_factory=dict)
    codes: CodeTools | None = None

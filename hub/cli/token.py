"""`yilian token`: a short-lived access token of the local authorisation server."""

from __future__ import annotations

import asyncio
import getpass
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.bootstrap.desks import recorded
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.run.installation import consortium_of, database_of
from hub.run.instances import data_folder, registry


def token(
    role: Annotated[str, typer.Option(help="Role, such as clinician.")],
    organization: Annotated[str, typer.Option(help="Code of the facility, such as F01.")] = "",
    practitioner: Annotated[str, typer.Option(help="Id of the Practitioner.")] = "",
    patient: Annotated[str, typer.Option(help="Id of the Patient (role patient or proxy).")] = "",
    purpose: Annotated[list[str] | None, typer.Option(help="Purpose of use; may be repeated.")] = None,
    form: Annotated[str, typer.Option(help="identified, deidentified or aggregate.")] = "",
    scope: Annotated[str, typer.Option(help="SMART scopes, separated by spaces.")] = "",
    break_glass: Annotated[str, typer.Option(help="Reason for breaking the glass.")] = "",
    co_approval: Annotated[str, typer.Option(help="Id of the second person's approval.")] = "",
    ttl: Annotated[int, typer.Option(help="Lifetime in seconds.")] = 3600,
    url: Annotated[str, typer.Option(help="Base address of a hub of this user that runs on this machine.")] = "",
    data: Annotated[Path | None, typer.Option(help="Data folder of the hub.")] = None,
) -> None:
    """Print a token. It is signed with the keys in the data folder, so only who may read them can make one; that it was
    made is in the audit trail first."""
    settings = Settings.load(os.environ)
    port = urlsplit(url).port if url else None
    folder = data or data_folder(registry(os.environ), port, settings.data_dir)
    issuer = Issuer(KeyStore(folder / "keys"), Directory(consortium_of(folder, settings)), system_clock)
    issued = issuer.issue(
        role=role,
        organization=organization,
        practitioner=practitioner or None,
        patient=patient or None,
        purpose=tuple(code for text in purpose or () for code in text.replace(",", " ").split()),
        form=form,
        scopes=tuple(scope.split()),
        break_glass=break_glass or None,
        co_approval=co_approval or None,
        lifetime=timedelta(seconds=ttl),
    )
    _record(folder, settings, issuer.verify(issued))
    typer.echo(issued)


def _record(folder: Path, settings: Settings, actor: Actor) -> None:
    """The token stands in the audit trail before it is shown; where no hub has run yet, there is no trail."""
    try:
        database = database_of(folder, settings)
    except HubError as error:
        if error.category is not Category.NOT_FOUND:
            raise
        return
    said = {
        "token": "issued",
        "role": actor.role,
        "organization": actor.organization,
        "practitioner": actor.practitioner or "",
        "person": actor.patient or "",
        "purpose": " ".join(actor.purpose),
        "scope": " ".join(actor.scopes),
        "jti": actor.token_id,
        "expires": actor.expires.isoformat(),
    }
    asyncio.run(recorded(database, getpass.getuser(), said))

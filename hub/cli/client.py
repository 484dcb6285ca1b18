"""`yilian client`: the applications that may ask for access. Registering one is audited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.auth.oauth.clients import Client
from hub.bootstrap.desks import clients
from hub.cli.administration import administer
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.errors import Category, HubError

app = typer.Typer(no_args_is_help=True, help="Applications that may ask for access (OAuth 2.1, SMART on FHIR).")

Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Id = Annotated[str, typer.Argument(help="Id of the client (client_id).")]
Keys = Annotated[Path | None, typer.Option(help="File with its public keys, a JWK set; none for a public client.")]


KeysUri = Annotated[str, typer.Option(help="Where it publishes its public keys (https), in place of a file.")]


@app.command()
def add(
    client: Id,
    name: Annotated[str, typer.Option(help="Name its users are shown.")],
    kind: Annotated[str, typer.Option(help="public, confidential, backend or resource.")],
    scope: Annotated[str, typer.Option(help="SMART scopes it may get at most, separated by spaces.")] = "",
    redirect: Annotated[list[str] | None, typer.Option(help="Where answers go, exactly; may be repeated.")] = None,
    launch: Annotated[str, typer.Option(help="Where it is opened from a record, if it can be.")] = "",
    organization: Annotated[str, typer.Option(help="Facility it acts for, or whose users it is for.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="Role of its users, or of a backend; may be repeated.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="Purpose of its tokens; may be repeated.")] = None,
    jwks: Keys = None,
    jwks_uri: KeysUri = "",
    origin: Annotated[list[str] | None, typer.Option(help="Origin of its pages, for scripts; may be repeated.")] = None,
    access_seconds: Annotated[int, typer.Option(help="Life of an access token.")] = 300,
    refresh_seconds: Annotated[int, typer.Option(help="Life of a grant that is refreshed.")] = 86_400,
    data: Data = None,
) -> None:
    """Register a client."""
    wanted = Client(
        id=client,
        name=name,
        kind=kind,
        redirect_uris=tuple(redirect or ()),
        launch_uri=launch,
        scopes=tuple(scope.split()),
        organization=organization,
        roles=tuple(role or ()),
        purposes=tuple(purpose or ()),
        jwks=_jwks(jwks) if jwks else {"keys": []},
        jwks_uri=jwks_uri,
        origins=tuple(origin or ()),
        access_seconds=access_seconds,
        refresh_seconds=refresh_seconds,
    )
    deed = _deed("add", client, **_rights(wanted))
    print_json(_shown(administer(clients, data, lambda book: book.add(wanted), deed)))


@app.command("list")
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """List the clients."""
    rows = [_shown(client) for client in administer(clients, data, lambda book: book.all())]
    if as_json:
        print_json(rows)
        return
    names = ("id", "name", "kind", "organization", "roles", "scopes", "disabled")
    print_table(names, ([row[name] for name in names] for row in rows))


@app.command()
def show(client: Id, data: Data = None) -> None:
    """Show one client, as JSON."""
    print_json(_shown(administer(clients, data, lambda book: book.named(client))))


@app.command()
def disable(client: Id, data: Data = None) -> None:
    """Let a client do nothing any more; its tokens open nothing from the next request on."""
    administer(clients, data, lambda book: book.set_disabled(client, True), _deed("disable", client))


@app.command()
def enable(client: Id, data: Data = None) -> None:
    """Let a disabled client ask again; what it was granted before stays ended."""
    administer(clients, data, lambda book: book.set_disabled(client, False), _deed("enable", client))


@app.command()
def rotate(
    client: Id,
    jwks: Keys = None,
    jwks_uri: KeysUri = "",
    data: Data = None,
) -> None:
    """Give a client other keys; for an overlap the file holds the old and the new."""
    if (jwks is None) == (not jwks_uri):
        raise HubError(Category.INVALID, "needs --jwks or --jwks-uri", where="jwks", todo="give one of the two")
    if jwks is None:
        deed = _deed("rotate", client, keys=jwks_uri)
        administer(clients, data, lambda book: book.set_keys_uri(client, jwks_uri), deed)
        return
    keys = _jwks(jwks)
    administer(clients, data, lambda book: book.set_keys(client, keys), _deed("rotate", client, keys=_key_ids(keys)))


def _jwks(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
    except ValueError:
        raise HubError(Category.UNREADABLE, "is no JSON", where=str(path), todo='a JWK set, {"keys": [...]}') from None
    return read if isinstance(read, dict) else {}


def _shown(client: Client) -> dict[str, Any]:
    return {name: getattr(client, name) for name in Client.__dataclass_fields__}


def _rights(client: Client) -> dict[str, str]:
    """What it was given, so that the trail answers this also when the registration is gone."""
    return {
        "kind": client.kind,
        "roles": " ".join(client.roles),
        "facility": client.organization,
        "scope": " ".join(client.scopes),
        "redirects": " ".join(client.redirect_uris),
        "launch": client.launch_uri,
        "purposes": " ".join(client.purposes),
        "keys": client.jwks_uri or _key_ids(client.jwks),
        "origins": " ".join(client.origins),
    }


def _key_ids(jwks: Mapping[str, Any]) -> str:
    """The ids of keys, of a set that may not be well made: it is judged later."""
    keys = jwks.get("keys")
    ids = [key.get("kid") for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    return " ".join(kid for kid in ids if isinstance(kid, str))


def _deed(what: str, client: str, **said: str) -> dict[str, str]:
    return {"client": what, "name": client, **said}

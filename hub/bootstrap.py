"""The only wiring: builds what a process needs from settings, the consortium and a database."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from hub.api.app import create_app
from hub.api.services import Services
from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.db import migrate as schema
from hub.db.database import Database
from hub.fhir.search_parameters import parameters
from hub.fhir.validate import validate
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids, random_id
from hub.kernel.log import Log
from hub.kernel.ports import Translator
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.records.client import ClientWrites
from hub.records.ingest import Ingest
from hub.store.store import Store
from mappings.hl7v2 import profile as hl7v2_profile
from mappings.hl7v2.convert import convert
from mappings.hl7v2.translator import translator

VERSION: Final = version("yilian-hub")

#: Modules that put tables on the metadata.
TABLES: Final = ("hub.store.tables", "hub.pipeline.tables", "hub.records.tables", "hub.audit.tables")


def declare_tables() -> None:
    """Import every module that declares tables, so that the metadata is complete."""
    for name in TABLES:
        importlib.import_module(name)


async def migrate(url: str) -> None:
    """Bring a database to the newest schema. Raises HubError UNAVAILABLE."""
    await schema.upgrade(url)


def profiles(consortium: Consortium) -> Mapping[str, hl7v2_profile.Profile]:
    """The facility profile of every feed, by feed. Raises HubError INVALID with the lines that are wrong."""
    return {
        feed.name: hl7v2_profile.load(feed.profile) if feed.profile else hl7v2_profile.DEFAULT
        for feed in consortium.feeds.values()
    }


def translators(consortium: Consortium, secret: bytes, canonical_base: str) -> Mapping[str, Translator]:
    """A translator for every feed, by feed. Raises HubError INVALID for a profile that is wrong."""
    ids = keyed_ids(secret)
    return {
        name: translator(profile, consortium.feeds[name].facility, ids, canonical_base=canonical_base)
        for name, profile in profiles(consortium).items()
    }


def converter(source_format: str, profile: Path | None, canonical_base: str) -> Callable[[str, bytes], Iterator[Json]]:
    """The conversion of `yilian convert` for a format. Raises HubError for an unknown one or a wrong profile."""
    if source_format != "hl7v2":
        raise HubError(Category.UNSUPPORTED, "this format cannot be converted", where=source_format, todo="use hl7v2")
    loaded = hl7v2_profile.load(profile) if profile else hl7v2_profile.DEFAULT
    ids = keyed_ids(PUBLIC_KEY)
    return lambda path, raw: convert(path, raw, loaded, ids=ids, canonical_base=canonical_base)

"""`yilian profile check`: where the messages of a sender depart from the version they declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.listing import AsJson, print_json, print_table
from hub.cli.messages_in import messages_in
from hub.kernel.errors import Category, HubError
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.load import load

if TYPE_CHECKING:
    from mappings.hl7v2.deviations import Deviation

#: Version and deviation.
Found = tuple[str, "Deviation"]


def check(
    profile: Annotated[Path, typer.Argument(help="Facility profile, YAML.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files of messages, or folders of them; none: only the profile.")
    ] = None,
    mended: Annotated[bool, typer.Option("--mended", help="After the steps of the profile.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a profile; with messages, list by place what departs from the version of HL7 v2 they declare.

    The list needs the package hl7apy.
    """
    loaded = load(profile)
    if not files:
        typer.echo(f"{profile}: profile {loaded.name}, no complaints")
        return
    _compare(loaded, files, mended=mended, as_json=as_json)


def _compare(profile: Profile, files: list[Path], *, mended: bool, as_json: bool) -> None:
    try:
        from mappings.hl7v2.deviations import deviations
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "hl7apy":
            raise
        raise HubError(
            Category.INVALID,
            "needs the package hl7apy, which is not installed",
            where="yilian profile check",
            todo='install it (pip install "yilian-hub[check]")',
        ) from None
    versions: Counter[str] = Counter()
    times: Counter[Found] = Counter()
    messages: Counter[Found] = Counter()
    for _, _, raw in messages_in(files, "checking"):
        version, found = deviations(raw, profile, mended=mended)
        versions[version] += 1
        for deviation, count in found.items():
            times[version, deviation] += count
            messages[version, deviation] += 1
    print_json(_told(versions, times, messages)) if as_json else _table(versions, times, messages)


def _told(versions: Counter[str], times: Mapping[Found, int], messages: Mapping[Found, int]) -> dict[str, object]:
    rows = [
        {"version": version, "where": where, "what": what, "messages": messages[version, deviation], "times": count}
        for (version, deviation), count in sorted(times.items())
        for where, what in [deviation]
    ]
    return {"messages": sum(versions.values()), "versions": dict(versions), "deviations": rows}


def _table(versions: Counter[str], times: Mapping[Found, int], messages: Mapping[Found, int]) -> None:
    print_table(
        ("version", "place", "what", "messages", "times"),
        (
            (version or "-", deviation.where, deviation.what, messages[version, deviation], count)
            for (version, deviation), count in sorted(times.items())
        ),
    )
    said = ", ".join(f"{version or 'unknown'} ({count})" for version, count in versions.most_common())
    typer.echo(f"{sum(versions.values())} messages: {said}; {len(times)} kinds of deviation")

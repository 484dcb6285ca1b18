"""What `yilian demo` shows: a bar while it plays, tables of what came of it, and how to go on asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.demo.figures import TITLES
from hub.demo.measure import scores
from hub.demo.sign_in import SignIn
from hub.run.hub import Addresses

console = Console(stderr=True)


@contextmanager
def progress() -> Iterator[Callable[[int], Callable[[str], None]]]:
    """A bar: told how many messages there are, it gives what moves it by one."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:

        def begun(total: int) -> Callable[[str], None]:
            task = bar.add_task("messages acknowledged", total=total)
            return lambda _: bar.advance(task)

        yield begun


def summary(result: Mapping[str, Any], addresses: Addresses) -> None:
    """Messages by state, who is who, the record as each asker sees it, and what was done, if it was done now."""
    output = Console()
    title = f"{result['sent']} messages sent" if "sent" in result else "messages of an earlier run"
    messages = Table("feed", "state", "messages", title=title, title_justify="left")
    for row in result["messages"]:
        messages.add_row(row["feed"], row["state"], str(row["count"]))
    people = Table("people", "", title="who is who, and what they said", title_justify="left", show_header=False)
    for name, text in TITLES.items():
        people.add_row(text, str(result["people"][name]))
    output.print(messages, people, _record(result["seen"]))
    for title, score, above, below in scores(result["measure"]):
        output.print(f"- {title} {score} % ({above} of {below} persons)", highlight=False)
    for facility, count in result.get("written", {}).items():
        output.print(f"- {facility} wrote {count} resources by FHIR", highlight=False)
    for kind, count in result.get("told", {}).items():
        output.print(f"- F01's HIS was sent {count} of {kind}", highlight=False)
    for act in result.get("acts", ()):
        output.print(f"- {act}", highlight=False, soft_wrap=True)
    way = "by MQTT (mosquitto)" if result.get("broker") else "by HTTP: there is no mosquitto on this machine"
    output.print(f"- F06's meter sends {way}", highlight=False)
    output.print(f"FHIR {addresses.base}/fhir   MLLP {addresses.mllp}", soft_wrap=True)


def _record(seen: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table("resource type", *seen, title="the record, and how much of it each may see", title_justify="left")
    for name in next(iter(seen.values())):
        table.add_row(name, *(str(counts[name]) for counts in seen.values()))
    return table


def judged(checks: Sequence[Mapping[str, Any]]) -> None:
    """Each expectation and whether it holds."""
    for one in checks:
        mark = "[green]holds[/]" if one["holds"] else "[red]FAILS[/]"
        console.print(f"{mark}  {one['story']:4} {one['says']}  ", end="", soft_wrap=True)
        console.print(one["seen"], markup=False, highlight=False, soft_wrap=True)
    console.print(f"{sum(one['holds'] for one in checks)} of {len(checks)} checks hold")


def invite(addresses: Addresses, folder: Path, sign_ins: Sequence[SignIn]) -> None:
    """Who may sign in to the pages, and commands to go on with."""
    table = Table("name", "password", "who", title=f"sign in at {addresses.base}/", title_justify="left")
    for one in sign_ins:
        table.add_row(one.name, one.password, one.display)
    Console().print(table)
    port = addresses.base.rsplit(":", 1)[1]
    Console().print(
        "\nAsk, in another terminal:\n"
        f"  TOKEN=$(yilian token --role clinician --organization F01 --url {addresses.base})\n"
        f'  curl -H "Authorization: Bearer $TOKEN" "{addresses.base}/fhir/Patient?name=%E6%B2%88"\n'
        f'  curl -H "Authorization: Bearer $TOKEN" "{addresses.base}/fhir/Encounter?status=in-progress&_sort=-date"\n'
        f"  yilian messages list --state dead --data {folder}\n"
        "docs/tutorial/shared-record.md goes on from here.\n"
        f"Log lines: {folder}/hub.log. Port {port} answers until Ctrl-C.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )

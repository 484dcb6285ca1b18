"""Counts and durations of requests in the Prometheus text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/. Labels are methods, route templates and statuses: no path,
no parameter, nothing of a patient. Each process counts for itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hub.kernel.types import Json
from hub.outbound.desk import SeenFeed
from hub.pipeline.feeds import WatchedFeed
from hub.pipeline.health import Colour
from hub.records.indexing import Progress

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: Upper bounds of the duration classes, in seconds.
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

#: Methods that stand as labels; others are whatever a client made up.
_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})


class Metrics:
    """Counters of one process."""

    def __init__(self) -> None:
        self._requests: Final[Counter[tuple[str, str, int]]] = Counter()
        self._classes: Final[defaultdict[str, list[int]]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._seconds: Final[defaultdict[str, float]] = defaultdict(float)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests[method if method in _METHODS else "other", route, status] += 1
        self._classes[route][bisect_left(BOUNDS, seconds)] += 1
        self._seconds[route] += seconds

    def text(self) -> str:
        """The exposition."""
        lines = [
            "# HELP yilian_http_requests_total Requests answered.",
            "# TYPE yilian_http_requests_total counter",
        ]
        for (method, route, status), number in sorted(self._requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            lines.append(f"yilian_http_requests_total{{{labels}}} {number}")
        lines += [
            "# HELP yilian_http_request_seconds Time to answer a request.",
            "# TYPE yilian_http_request_seconds histogram",
        ]
        for route, numbers in sorted(self._classes.items()):
            lines += _histogram(route, numbers, self._seconds[route])
        return "\n".join(lines) + "\n"


def gauges(standing: Sequence[tuple[str, str, int]], states: Sequence[tuple[str, int]]) -> str:
    """The exposition of subscriptions by channel and status, and of numbered events by state."""
    lines = [
        "# HELP yilian_subscriptions Subscriptions by channel and status.",
        "# TYPE yilian_subscriptions gauge",
        *(f'yilian_subscriptions{{channel="{kind}",status="{status}"}} {n}' for kind, status, n in standing),
        "# HELP yilian_subscription_events Events that were told, by what became of them.",
        "# TYPE yilian_subscription_events gauge",
        *(f'yilian_subscription_events{{state="{state}"}} {n}' for state, n in states),
    ]
    return "\n".join(lines) + "\n"


def outbound_gauges(feeds: Sequence[SeenFeed]) -> str:
    """The exposition of outbound feeds: what arrived and was laid aside, and how often in a row a receiver failed."""
    lines = [
        "# HELP yilian_outbound_messages Outbound messages that were judged, by what became of them.",
        "# TYPE yilian_outbound_messages gauge",
    ]
    for one in feeds:
        lines.append(f'yilian_outbound_messages{{feed="{one.name}",state="done"}} {one.done}')
        lines.append(f'yilian_outbound_messages{{feed="{one.name}",state="dead"}} {one.dead}')
    lines += [
        "# HELP yilian_outbound_failures Deliveries in a row in which the receiver could not be reached.",
        "# TYPE yilian_outbound_failures gauge",
        *(f'yilian_outbound_failures{{feed="{one.name}"}} {one.tries}' for one in feeds),
    ]
    return "\n".join(lines) + "\n"


def feed_gauges(feeds: Sequence[WatchedFeed]) -> str:
    """The exposition of incoming feeds: how each is, what came in the last hour, what waits and is dead, since when."""
    lines = [
        "# HELP yilian_feed_state How a feed is: 0 blue, 1 yellow, 2 red.",
        "# TYPE yilian_feed_state gauge",
        *(f'yilian_feed_state{{feed="{one.feed.name}"}} {list(Colour).index(one.colour)}' for one in feeds),
        "# HELP yilian_feed_messages Messages of a feed: of the last hour, those that wait, and dead letters.",
        "# TYPE yilian_feed_messages gauge",
    ]
    for one in feeds:
        figures = one.figures
        for state, number in (("hour", figures.hour), ("waiting", figures.waits), ("dead", figures.dead)):
            lines.append(f'yilian_feed_messages{{feed="{one.feed.name}",state="{state}"}} {number}')
    lines += [
        "# HELP yilian_feed_last_message_timestamp_seconds When the last message of a feed came.",
        "# TYPE yilian_feed_last_message_timestamp_seconds gauge",
        *_last(feeds),
    ]
    return "\n".join(lines) + "\n"


def _last(feeds: Sequence[WatchedFeed]) -> Iterator[str]:
    for one in feeds:
        if one.figures.last is not None:
            seconds = one.figures.last.timestamp()
            yield f'yilian_feed_last_message_timestamp_seconds{{feed="{one.feed.name}"}} {seconds:.0f}'


def alarm_gauges(counts: Sequence[tuple[str, int]]) -> str:
    """The exposition of alarms over the audit trail, by rule."""
    lines = [
        "# HELP yilian_audit_alarms Alarms over the audit trail, by rule.",
        "# TYPE yilian_audit_alarms gauge",
        *(f'yilian_audit_alarms{{rule="{rule}"}} {count}' for rule, count in counts),
    ]
    return "\n".join(lines) + "\n"


def index_gauges(behind: Iterable[Progress]) -> str:
    """The exposition of what is being indexed anew: how far it is; nothing of what is complete."""
    waiting = [one for one in behind if not one.ready]
    labels = [f'type="{one.type}",kind="{one.kind}",code="{one.code}"' for one in waiting]
    lines = [
        "# HELP yilian_indexing_done Rows indexed anew so far, by what is behind.",
        "# TYPE yilian_indexing_done gauge",
        *(f"yilian_indexing_done{{{label}}} {one.done}" for label, one in zip(labels, waiting, strict=True)),
        "# HELP yilian_indexing_total Rows to be indexed anew, as far as they are counted.",
        "# TYPE yilian_indexing_total gauge",
        *(f"yilian_indexing_total{{{label}}} {one.total or 0}" for label, one in zip(labels, waiting, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def review_gauges(figures: Json) -> str:
    """The exposition of the review of pairs (`ReviewMeasures`): what waits, how reviewers agree, how scores drift."""
    queue, opinions = figures["queue"], figures["opinions"]
    waiting = {"proposal": figures["proposals"], "opinion": opinions["waiting"], "disputed": opinions["disputed"]}
    lines = [
        "# HELP yilian_mpi_review_pairs Pairs that wait for a steward, by reason.",
        "# TYPE yilian_mpi_review_pairs gauge",
        *(f'yilian_mpi_review_pairs{{reason="{one["reason"]}"}} {one["pairs"]}' for one in queue),
        "# HELP yilian_mpi_review_oldest_seconds How long the oldest pair has waited, by reason.",
        "# TYPE yilian_mpi_review_oldest_seconds gauge",
        *(f'yilian_mpi_review_oldest_seconds{{reason="{one["reason"]}"}} {one["oldest"]:.0f}' for one in queue),
        "# HELP yilian_mpi_review_open What else waits for a steward.",
        "# TYPE yilian_mpi_review_open gauge",
        *(f'yilian_mpi_review_open{{kind="{kind}"}} {count}' for kind, count in waiting.items()),
        *_opinions(figures),
        "# HELP yilian_mpi_score_psi Stability of the scores of the latest week against the first, by model.",
        "# TYPE yilian_mpi_score_psi gauge",
        *(f'yilian_mpi_score_psi{{model="{model}"}} {psi:.4f}' for model, psi in _latest(figures).items()),
    ]
    return "\n".join(lines) + "\n"


def _opinions(figures: Json) -> list[str]:
    lines = [
        "# HELP yilian_mpi_second_opinions Second opinions on decisions of stewards (agreement) and links (precision).",
        "# TYPE yilian_mpi_second_opinions gauge",
    ]
    for of in ("agreement", "precision"):
        share = figures[of]
        lines.append(f'yilian_mpi_second_opinions{{of="{of}",agreed="true"}} {share["yes"]}')
        lines.append(f'yilian_mpi_second_opinions{{of="{of}",agreed="false"}} {share["of"] - share["yes"]}')
    return lines


def _latest(figures: Json) -> dict[str, float]:
    return {week["model"]: week["psi"] for week in figures["scores"]["weeks"] if week["psi"] is not None}


def _histogram(route: str, numbers: list[int], seconds: float) -> list[str]:
    lines = []
    total = 0
    for bound, number in zip([*map(str, BOUNDS), "+Inf"], numbers, strict=True):
        total += number
        lines.append(f'yilian_http_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
    lines.append(f'yilian_http_request_seconds_sum{{route="{route}"}} {seconds:.6f}')
    lines.append(f'yilian_http_request_seconds_count{{route="{route}"}} {total}')
    return lines

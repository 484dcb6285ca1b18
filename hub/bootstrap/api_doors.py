"""The JSON doors of the API, and the routes beside FHIR."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import BaseRoute

from hub.api.aggregates import aggregate_doors
from hub.api.asked import engineer_of
from hub.api.audit import audit_doors
from hub.api.bulk_repairs import bulk_repair_doors
from hub.api.codes import code_doors
from hub.api.conversion_report import report_doors
from hub.api.feed_health import feed_health_doors
from hub.api.feeds import feed_doors
from hub.api.imaging.endpoint import imaging_route
from hub.api.imaging.notices import Puller, notice_doors
from hub.api.indexing import indexing_doors
from hub.api.json_doors import Door, door_routes
from hub.api.messages import message_doors
from hub.api.openapi import openapi_route
from hub.api.outbound import outbound_doors
from hub.api.reviews import review_doors
from hub.api.services import Services
from hub.api.subscriptions import topic_doors, websocket_route
from hub.bootstrap.consents import consent_api
from hub.bootstrap.devices import device_api, device_desk
from hub.bootstrap.foundation import VERSION
from hub.bootstrap.imaging import pulls_of, sources
from hub.bootstrap.parts import Parts
from hub.records.consent_doors import ConsentDoors
from hub.records.indexing import Indexing


def api_routes(parts: Parts, services: Services, law: ConsentDoors) -> list[BaseRoute]:
    """Every route of `/api`, of images and of the websocket. Raises HubError INVALID for a profile that is wrong."""
    foundation, directory, trail = parts.foundation, parts.directory, parts.trail
    devices = device_desk(foundation, parts.database, trail, parts.bell)
    bindings, readings = device_api(devices, foundation, parts.sent, directory)
    pulls = pulls_of(foundation.consortium, parts.archives, parts.inbox, foundation.log)
    doors = [
        *consent_api(law, parts.gate, foundation.settings.base_url),
        *audit_doors(parts.gate.tree, parts.gate.alarms, parts.gate.reports),
        *aggregate_doors(parts.gate.aggregates),
        *topic_doors(foundation.settings.canonical_base),
        *_engineers(parts),
        *_senders(parts, pulls),
        *bindings,
        *review_doors(services.reviews, parts.gate),
        *indexing_doors(Indexing(parts.database)),
    ]
    behind = sources(foundation, parts.archives, pulls)
    images = [imaging_route(services, behind)] if behind else []
    socket = websocket_route(parts.events.sockets)
    return [socket, *door_routes(services, doors), *readings, openapi_route(doors, VERSION), *images]


def _engineers(parts: Parts) -> list[Door]:
    """The doors of who watches feeds and mends messages."""
    engineer, workbench = engineer_of(parts.directory), parts.workbench
    return [
        *message_doors(workbench, engineer),
        *bulk_repair_doors(workbench, engineer),
        *report_doors(workbench.reports, engineer),
        *code_doors(workbench, engineer),
        *feed_health_doors(parts.feeds, engineer),
        *outbound_doors(parts.outbound, engineer, parts.receivers),
    ]


def _senders(parts: Parts, pulls: Mapping[str, Puller]) -> list[Door]:
    """The doors of who sends files, or tells of studies; none without a feed that has them."""
    consortium, directory = parts.foundation.consortium, parts.directory
    return [
        *(feed_doors(parts.sent, consortium, directory, parts.documents.witness) if parts.sent else []),
        *(notice_doors(pulls, consortium, directory) if pulls else []),
    ]

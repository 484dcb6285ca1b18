"""Schemas of the doors of devices for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from hub.api.schema_parts import FLAG, INSTANT, TEXT, body, items, made
from hub.kernel.types import Json

_MADE: Final[Json] = {
    "id": TEXT,
    "feed": TEXT,
    "device": TEXT,
    "start": INSTANT,
    "end": {"type": ["string", "null"], "format": "date-time"},
    "madeAt": INSTANT,
}

DEVICES: Final[Json] = {
    "NewDeviceBinding": body(
        ("feed", "device", "patient"),
        feed=TEXT,
        device={"type": "string", "description": "Its number as the feed sends it"},
        patient={"type": "string", "description": "Patient/ID of the facility of the feed"},
        start=INSTANT,
        end=INSTANT,
        reason=TEXT,
    ),
    "NewDeviceSender": body(
        ("feed", "name"),
        feed=TEXT,
        name={"type": "string", "description": "Number of the device, or name of the gateway"},
        gateway={"type": "boolean", "description": "It sends for every device of the feed"},
        signs={"type": "boolean", "description": "Signed requests alone are taken, not the bare secret"},
    ),
    "DeviceSenderNamed": body(("feed", "name"), feed=TEXT, name=TEXT),
    "DeviceSenderSecret": made(feed=TEXT, name=TEXT, gateway=FLAG, signs=FLAG, secret=TEXT),
    "StoppedDeviceSender": made(feed=TEXT, name=TEXT, disabled=FLAG),
    "DeviceSenders": made(
        senders=items(made(name=TEXT, gateway=FLAG, signs=FLAG, disabled=FLAG, madeAt=INSTANT)),
    ),
    "EndOfDeviceBinding": body((), end=INSTANT, reason=TEXT),
    "DeviceBinding": made(**_MADE, patient=TEXT),
    "DeviceBindings": made(
        bindings=items({**made(**_MADE), "properties": {**_MADE, "patient": TEXT}}),
    ),
}

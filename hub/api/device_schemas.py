"""Schemas of the doors of devices for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from hub.api.schema_parts import INSTANT, TEXT, body, items, made
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
    "EndOfDeviceBinding": body((), end=INSTANT, reason=TEXT),
    "DeviceBinding": made(**_MADE, patient=TEXT),
    "DeviceBindings": made(
        bindings=items({**made(**_MADE), "properties": {**_MADE, "patient": TEXT}}),
    ),
}

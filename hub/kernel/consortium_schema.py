"""The JSON Schema of `consortium.yaml`; docs/reference/consortium.schema.json is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.kernel import archive, broker, expected, external_sign_in, outbound_feed

_INBOUND: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["name", "facility", "transport"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
        "direction": {"const": "in", "default": "in"},
        "facility": {"type": "string", "description": "Code of the facility that sends."},
        "transport": {
            "enum": ["mllp", "dicom", "folder", "http", "archive", "mqtt"],
            "description": "mllp, dicom: listens on a port. folder: files put into a folder. "
            "http: POST /api/feeds/{name}. archive: studies pulled from the archive. mqtt: topics of a broker.",
        },
        "format": {
            "enum": ["hl7v2", "cda", "form", "family", "dicom", "device", "mhd"],
            "default": "hl7v2",
            "description": "What its messages are written in; over dicom always dicom.",
        },
        "folder": {
            "type": "string",
            "description": "The folder that is watched, a path relative to this file.",
        },
        "clients": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "minLength": 1},
            "description": "http: the registered clients (yilian client) that may send, and nobody else may.",
        },
        "marker": {
            "type": "string",
            "pattern": "^[.][A-Za-z0-9]{1,8}$",
            "description": "folder: a file is taken when another of its name with this ending lies beside, as .ok.",
        },
        "profile": {
            "type": "string",
            "description": "Facility profile (format device: the vendor map), a path relative to this file.",
        },
        "archive": {
            "type": "string",
            "description": "Name of the archive that holds the images its objects (format dicom) tell of.",
        },
        "broker": broker.SCHEMA,
        "devices": {
            "type": "boolean",
            "default": False,
            "description": "hl7v2: a message that names no patient is of whoever has the device it names (OBX-18), "
            "and waits where nobody has it.",
        },
        "worklist": {
            "type": "boolean",
            "default": False,
            "description": "dicom: answer the modality worklist (C-FIND) from the orders of the facility, as its "
            "clinicians may see them; needs senders.",
        },
        "poll_seconds": {
            "type": "integer",
            "minimum": 0,
            "maximum": 86400,
            "default": 60,
            "description": "archive: how often the archive is asked for new studies; 0: it tells of them.",
        },
        "told_by": {
            "type": "array",
            "items": {"type": "string"},
            "description": "archive: HL7 v2 feeds of its facility; when one of them brings an order or a report, the "
            "archive is asked for its accession number at once.",
        },
        "validation": {
            "enum": ["lenient", "strict"],
            "description": "Judge every resource the messages become by FHIR R4 and the loaded profiles. "
            "lenient: keep it and record the issues; strict: a dead letter. Absent: the mapping answers.",
        },
        "concept_maps": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "description": "ConceptMaps (url or url|version) of the terminology that say what codes of its resources "
            "mean, by system and code; a meaning is added before what was sent.",
        },
        "host": {"type": "string", "default": "127.0.0.1"},
        "port": {
            "type": "integer",
            "minimum": 0,
            "maximum": 65535,
            "description": "0 takes a free port.",
        },
        "senders": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Accepted; none: any. mllp: values of MSH-3|MSH-4 (application|facility). dicom: calling AE "
            "titles, with a network if need be (CT01@10.1.2.0/24).",
        },
        "peers": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Networks (CIDR) that may connect; none: loopback only.",
        },
        "queries_per_minute": {
            "type": "integer",
            "minimum": 1,
            "maximum": 6000,
            "description": "Patient queries (QBP^Q22, QBP^Q23) answered in a minute, as a clinician of the facility "
            "may ask; needs senders. Absent: none is answered.",
        },
        "plaintext": {
            "type": "boolean",
            "default": False,
            "description": "Allow an address other than loopback without TLS.",
        },
        "expected": expected.SCHEMA,
        "tls": {
            "type": "object",
            "required": ["certificate", "key"],
            "dependentRequired": {"clients": ["client_ca"]},
            "additionalProperties": False,
            "properties": {
                "certificate": {"type": "string"},
                "key": {"type": "string"},
                "client_ca": {
                    "type": "string",
                    "description": "Clients must show a certificate of this authority.",
                },
                "clients": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1},
                    "minItems": 1,
                    "description": "Names in the certificates that may send to this feed: their CN, or a DNS name. "
                    "Absent: every certificate of client_ca, whosever it is.",
                },
            },
        },
    },
}

_SHARE: Final[dict[str, Any]] = {"type": "number", "minimum": 0, "maximum": 1}

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "consortium.yaml of Yilian Hub",
    "type": "object",
    "required": ["facilities"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "description": "Name of the consortium."},
        "facilities": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["code", "name"],
                "additionalProperties": False,
                "properties": {
                    "code": {
                        "type": "string",
                        "pattern": "^[A-Za-z0-9.-]{1,32}$",
                        "description": "Id of its Organization resource.",
                    },
                    "name": {"type": "string"},
                    "part_of": {"type": "string", "description": "Code of the facility it belongs to."},
                    "legal_entity": {"type": "boolean", "default": True},
                    "trust": {
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 100,
                        "description": "Whose demographics stand in golden records where sources differ: the higher "
                        "first. Without it: as of what it is part of, else 0.",
                    },
                },
            },
        },
        "feeds": {
            "type": "array",
            "items": {
                "if": {"required": ["direction"], "properties": {"direction": {"const": "out"}}},
                "then": outbound_feed.SCHEMA,
                "else": _INBOUND,
            },
        },
        "archives": {
            "type": "array",
            "items": archive.SCHEMA,
            "description": "Imaging archives the hub fetches images from; none: images are indexed alone.",
        },
        "sign_in": external_sign_in.SCHEMA,
        "receivers": {
            "type": "array",
            "description": "Where subscriptions may send notifications; none: nowhere.",
            "items": {
                "type": "object",
                "required": ["facility", "host"],
                "additionalProperties": False,
                "properties": {
                    "facility": {"type": "string", "description": "Code of the facility whose subscriptions may."},
                    "host": {
                        "type": "string",
                        "pattern": "^[a-z0-9.:-]{1,253}$",
                        "description": "Host name in lower case, or an address, as it stands in the URL.",
                    },
                    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 443},
                    "networks": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Networks (CIDR) its addresses must lie in; none: public addresses only.",
                    },
                    "plaintext": {
                        "type": "boolean",
                        "default": False,
                        "description": "Allow http:// to it; needs the networks.",
                    },
                    "authority": {
                        "type": "string",
                        "description": "PEM file of the authority of its certificate; none: those of the machine.",
                    },
                },
            },
        },
        "policy": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "clinical": {"enum": ["opt-out", "opt-in"], "default": "opt-out"},
                "secondary": {"enum": ["opt-out", "opt-in"], "default": "opt-in"},
            },
        },
        "review": {
            "type": "object",
            "description": "How stewards of the patient index decide.",
            "additionalProperties": False,
            "properties": {
                "four_eyes": {
                    "type": "array",
                    "description": "Reasons of pairs and deeds that a second steward has to confirm; all: every one.",
                    "items": {
                        "enum": [
                            "all",
                            "uncertain",
                            "borrowed-id",
                            "newborn",
                            "twins",
                            "two-persons",
                            "contradiction",
                            "bridge",
                            "weak-name",
                            "merge",
                            "apart",
                            "split",
                            "move",
                            "unlink",
                            "reverse",
                        ]
                    },
                },
                "second_linked": _SHARE | {"default": 0.01, "description": "Share of automatic links reviewed again."},
                "second_decided": _SHARE | {"default": 0.05, "description": "Share of decisions reviewed again."},
            },
        },
    },
}

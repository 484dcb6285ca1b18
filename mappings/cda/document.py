"""The document as it was sent: a DocumentReference with its bytes, and the files that stand in its body."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error

from hub.kernel.types import Json
from mappings.attachment import attachment
from mappings.cda.context import Context, reference
from mappings.cda.header import document_row
from mappings.cda.node import Node


def keep(raw: bytes, composition: Json, numbers: list[Json], context: Context) -> None:
    """The DocumentReference of a document; `numbers` are those that number it beside its own id."""
    made = context.resource("DocumentReference", *context.document)
    named = {"type": "type", "subject": "subject", "author": "author", "custodian": "custodian", "language": "language"}
    made |= {name: composition[source] for name, source in named.items() if source in composition}
    made["author"] = [each for each in composition["author"] if "reference" in each]
    made |= {"status": "current", "docStatus": "final", "description": composition["title"]}
    if "identifier" in composition:
        made["masterIdentifier"] = composition["identifier"]
    date = composition.get("date", "")
    members: Json = {
        "identifier": numbers,
        "date": date if "T" in date else "",
        "authenticator": next((each["party"] for each in composition.get("attester", []) if "party" in each), None),
    }
    made |= {name: each for name, each in members.items() if each}
    original = {"attachment": attachment(raw, "text/xml", title=composition["title"])}
    row = document_row(context)
    if row is not None:
        original["format"] = {
            "system": "urn:ietf:rfc3986",
            "code": f"urn:oid:{row['template']}",
            "display": row["title"],
        }
    made["content"] = [original, *_files(context)]
    made["context"] = _surroundings(composition, context)
    if not made["author"]:
        del made["author"]


def _surroundings(composition: Json, context: Context) -> Json:
    made: Json = {"related": [reference(composition)]}
    if context.encounter:
        made["encounter"] = [context.encounter]
    period = next((event["period"] for event in composition.get("event", []) if "period" in event), None)
    return made | ({"period": period} if period else {})


def _files(context: Context) -> list[Json]:
    """What stands in the body as a file, a picture or a text, or is only named there."""
    bodies = [each for each in context.root.walk() if each.name == "nonXMLBody"]
    nodes = [text for body in bodies for text in body.all("text")]
    for each in context.root.walk():
        if each.name in {"observationMedia", "observation"}:
            nodes += [value for value in each.all("value") if value.get("representation") == "B64"]
    return [{"attachment": made} for node in nodes if (made := _file(node, context))]


def _file(node: Node, context: Context) -> Json | None:
    media = node.get("mediaType") or "text/plain"
    if node.get("representation") == "B64":
        try:
            data = b64decode("".join(node.words().split()), validate=True)
        except (Error, ValueError):
            context.issue("not-base64", "a file is not base64 as it claims; it stands in the original document", node)
            return None
    else:
        pointer = node.first("reference")
        if pointer is not None and pointer.get("value"):
            pointer.take("DocumentReference.content.attachment.url")
            return {"contentType": media, "url": re.sub(r"\s", "%20", pointer.get("value"))}
        data = node.words().encode()
    if not data:
        return None
    node.take("DocumentReference.content.attachment")
    return attachment(data, media, title=media)

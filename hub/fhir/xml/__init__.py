"""FHIR R4 XML (R4 xml.html) to and from the JSON form every other part of the hub knows, both ways without loss.

In: an XML document, or a resource as `hub.fhir.json.loads` gives it. Out: the other of the two. Driven by the structure
table: order of elements, what repeats, the types of values, what is an attribute. Built on lxml (libxml2).

Kept: decimals with their digits, ids and extensions of primitives, gaps in lists, contained and enclosed resources,
the narrative as the same tree of XHTML (how its tags were written, `<br />` or `<br/>`, is no content). Characters that
XML 1.0 cannot carry are kept by an extension, see `characters`. Processing instructions, schema locations and, outside
of the narrative, comments are not content.
"""

from __future__ import annotations

from hub.fhir.xml.reading import read_xml
from hub.fhir.xml.writing import write_xml

__all__ = ["read_xml", "write_xml"]

"""Facility profiles as files: their schema, the layers they inherit, the checks, and the profiles shipped with the hub.

In: the path of a YAML file. Out: a `mappings.hl7v2.profile.Profile`, or every complaint with file and line. What a
profile means to a message stands in `mappings.hl7v2.profile`; `shipped/` holds profiles others may extend.
"""

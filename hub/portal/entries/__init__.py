"""From resources to entries of the timeline: one function per resource type, gathered in `makers`. Pure.

In: a released resource and the `Reading` it belongs to. Out: an `Entry` in the reader's language.
"""

"""The invariants that have a rule in Python, and those that are held elsewhere or in part, with the reason.

A rule is here where an invariant is frequent and FHIRPath would be dear, where the time its expression takes grows with
the square of the resource, or where it does not say what its text says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.fhir import invariant_rules as rule
from hub.fhir.invariant_rules import ALLERGY, CONDITION, Rule

#: (path, key) -> rule.
RULES: Final[Mapping[tuple[str, str], Rule]] = {
    ("Reference", "ref-1"): rule.contained_is_there,
    ("Period", "per-1"): rule.starts_before_end,
    ("Range", "rng-2"): rule.low_below_high,
    ("Questionnaire.item.enableWhen", "que-7"): rule.existence_is_asked_by_boolean,
    ("Narrative.div", "txt-1"): rule.narrative_is_plain,
    ("Narrative.div", "txt-2"): rule.narrative_has_content,
    ("DomainResource", "dom-2"): rule.contained_is_bare,
    ("DomainResource", "dom-3"): rule.contained_is_used,
    ("DomainResource", "dom-4"): rule.bare_meta("versionId", "lastUpdated"),
    ("DomainResource", "dom-5"): rule.bare_meta("security"),
    ("AllergyIntolerance", "ait-1"): rule.allergy_has_status,
    ("AllergyIntolerance", "ait-2"): rule.error_has_no_status(ALLERGY + "verification"),
    ("Bundle", "bdl-3"): rule.bundle_is("request", "batch", "transaction", "history"),
    ("Bundle", "bdl-4"): rule.bundle_is("response", "batch-response", "transaction-response", "history"),
    ("Bundle", "bdl-7"): rule.full_urls_differ,
    ("Bundle.entry", "bdl-8"): rule.full_url_has_no_version,
    ("ImplementationGuide", "ig-2"): rule.versions_are_those_of_the_guide,
    ("ImplementationGuide.definition", "ig-1"): rule.groups_are_there,
    ("StructureDefinition.snapshot", "sdf-8"): rule.snapshot_is_of_its_type,
    ("StructureDefinition.differential", "sdf-8a"): rule.differential_is_of_its_type,
    ("Condition", "con-4"): rule.abated_is_inactive,
    ("Condition", "con-5"): rule.error_has_no_status(CONDITION + "ver-status"),
    ("Observation", "obs-7"): rule.value_stands_in_component,
    ("Organization.address", "org-2"): rule.not_at_home("address"),
    ("Organization.telecom", "org-3"): rule.not_at_home("telecom"),
}

#: Key -> why no rule is run for it.
ELSEWHERE: Final[Mapping[str, str]] = {
    "ele-1": "the check of the structure refuses every empty element, and needs no expression for it",
}

#: Key -> what is not held against a resource although R4's expression does not answer true.
PARTLY: Final[Mapping[str, str]] = {
    "bdl-8": "a full URL that has extensions and no value names no version",
    "ctm-1": "the type of a member is known of contained ones alone: the expression holds where it finds nobody",
    "ig-1": "a grouping that has extensions and no value is not looked for",
    "ig-2": "a version that has extensions and no value is not looked for",
    "per-1": "start and end of different precision are in no order, and the text asks for one only if both are there",
    "ref-1": "a reference without text refers to nothing contained",
    "rng-2": "quantities of different units, or without value, are in no order",
}

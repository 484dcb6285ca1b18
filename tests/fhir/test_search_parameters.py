"""Search parameters by resource type."""

from __future__ import annotations

import pytest

from hub.fhir.expression import Path, Truth, parse
from hub.fhir.routes import routes
from hub.fhir.search_parameters import RESOURCE_TYPES, SearchParameter, parameters
from hub.kernel.errors import Category, HubError

#: Parameters of R4 that are not written as an expression: full text, and named queries.
WITHOUT_EXPRESSION = {"_text", "_content", "_query"}
EVERY = [parameter for rtype in sorted(RESOURCE_TYPES) for parameter in parameters(rtype).values()]


def leads_somewhere(parameter: SearchParameter) -> bool:
    """Every alternative of the expression, and of each component, ends at elements R4 has."""
    rtype = parameter.base
    for alternative in parse(parameter.expression):
        paths = [test.path for test in alternative.tests] if isinstance(alternative, Truth) else [alternative]
        for found in (routes(path, rtype, rtype) for path in paths):
            if not found:
                return False
            for component in parameter.components:
                for part in parse(component.expression):
                    assert isinstance(part, Path)
                    if not any(routes(part, focus.type, rtype) for focus in found):
                        return False
    return True


def test_every_parameter_of_r4_compiles_for_every_type_it_applies_to() -> None:
    assert len(EVERY) == 3010 + 4  # those of PDQm and MHD
    without = {parameter.code for parameter in EVERY if not parameter.expression}
    assert without == WITHOUT_EXPRESSION
    assert [(p.base, p.code) for p in EVERY if p.expression and not leads_somewhere(p)] == []


def test_every_type_has_the_parameters_of_resource() -> None:
    for rtype in RESOURCE_TYPES:
        assert {"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source"} <= set(parameters(rtype))


def test_text_search_is_for_domain_resources_only() -> None:
    assert "_text" in parameters("Patient")
    assert "_text" not in parameters("Bundle")


def test_a_shared_parameter_keeps_only_the_alternatives_of_the_type() -> None:
    assert parameters("Observation")["patient"].expression == "Observation.subject.where(resolve() is Patient)"
    assert parameters("Patient")["phone"].expression == "Patient.telecom.where(system='phone')"


def test_a_type_r4_does_not_have_has_no_parameters() -> None:
    assert parameters("Letter") == {}
    assert parameters("DomainResource") == {}


def test_a_composite_knows_the_types_of_its_components() -> None:
    parameter = parameters("Observation")["code-value-quantity"]
    assert [(part.type, part.expression) for part in parameter.components] == [
        ("token", "code"),
        ("quantity", "value.as(Quantity)"),
    ]


def test_a_reference_to_anything_may_point_to_every_type() -> None:
    assert set(parameters("Provenance")["target"].targets) == RESOURCE_TYPES
    assert parameters("Observation")["encounter"].targets == ("Encounter", "EpisodeOfCare")


@pytest.mark.parametrize(
    "expression",
    ["Patient.name.first()", "Patient ~ 1", "Patient.name and Patient", "Patient.name[id]", "Patient.name.where(id)"],
)
def test_an_expression_outside_the_subset_is_refused(expression: str) -> None:
    with pytest.raises(HubError) as caught:
        parse(expression)
    assert caught.value.category is Category.UNSUPPORTED


@pytest.mark.parametrize("expression", ["Patient.", "Patient.name[", "(Patient.name"])
def test_an_expression_that_is_no_fhirpath_is_refused(expression: str) -> None:
    with pytest.raises(HubError) as caught:
        parse(expression)
    assert caught.value.category is Category.INVALID

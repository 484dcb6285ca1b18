"""The whole of validation with the profiles of an installation: what is refused on a write, and all there is to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hub.fhir.advice import advice
from hub.fhir.fhirpath.nodes import descendants, root
from hub.fhir.profiles.places import where
from hub.fhir.profiles.registry import NO_PROFILES, Profiles, claims, core_type, within
from hub.fhir.structure import is_a
from hub.fhir.validate import validate
from hub.kernel.types import Issue, Json

#: No more issues of one resource than these are told.
LIMIT: Final = 200


class Validator:
    """Judges resources by R4 and by the loaded profiles."""

    def __init__(self, profiles: Profiles = NO_PROFILES) -> None:
        self._profiles: Final = profiles

    def __call__(self, resource: Json) -> list[Issue]:
        """Why a resource may not be written (none: it may): what is wrong by R4, or by a loaded profile it claims.

        A profile that is not loaded is no reason. Never raises.
        """
        issues = validate(resource)
        if issues or not self._profiles:
            return issues
        return [issue for issue in self._profiles.claimed(resource) if issue.severity == "error"]

    def examine(self, resource: Json, profiles: Sequence[str] = ()) -> list[Issue]:
        """Everything there is to say of a resource, the profiles named included; errors first. Never raises.

        A resource whose structure is wrong is judged by R4 alone: the rest would be guesses.
        """
        issues = validate(resource)
        if not issues:
            issues = list(dict.fromkeys(self._beyond(resource, profiles)))
        return sorted(issues, key=lambda issue: _RANK[issue.severity])[:LIMIT]

    def _beyond(self, resource: Json, profiles: Sequence[str]) -> Iterator[Issue]:
        yield from self._profiles.claimed(resource)
        yield from self._extensions(resource)
        yield from self._unchecked(resource)
        for canonical in profiles:
            yield from self._asked(resource, canonical)
        yield from advice(resource, self._profiles.terms, lambda url: self._profiles.find(url) is not None)

    def _asked(self, resource: Json, canonical: str) -> list[Issue]:
        """What is wrong by a profile that was asked for. The definition of its own type R4 has judged by already."""
        own, rtype = core_type(canonical), str(resource["resourceType"])
        if own is not None:
            return [] if is_a(rtype, own) else [_another_type(rtype, own)]
        found = self._profiles.conformance(resource, canonical)
        return [_unknown_profile(resource)] if found is None else found

    def _extensions(self, resource: Json) -> Iterator[Issue]:
        """What is wrong with extensions by their loaded definitions."""
        for node in descendants([root(resource)]) if self._profiles else ():
            if node.type == "Extension":
                yield from self._profiles.extension(node)

    def _unchecked(self, resource: Json) -> Iterator[Issue]:
        """The claims that could not be judged. Their text is the client's, so only the place is told."""
        whole = root(resource)
        for node in within(whole):
            for index, canonical in enumerate(claims(node.value)):
                place = f"{where(node)}.meta.profile[{index}]"
                own = core_type(canonical)
                if own is not None and not is_a(node.type, own):
                    yield _another_type(place, own)
                if own is None and self._profiles.find(canonical) is None:
                    text = "is not loaded here, so the resource was not judged by it"
                    yield Issue(severity="warning", where=place, code="not-supported", text=text)


_RANK: Final = {"fatal": 0, "error": 1, "warning": 2, "information": 3}


def _another_type(place: str, name: str) -> Issue:
    return Issue(severity="error", where=place, code="structure", text=f"is no {name}, whose definition this is")


def _unknown_profile(resource: Json) -> Issue:
    text = "the profile asked for is not loaded here, so nothing was judged by it"
    return Issue(severity="error", where=str(resource["resourceType"]), code="not-supported", text=text)

"""The profiles of one installation: loaded once, complained of file by file, then asked by canonical URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hub.fhir.bindings import extensible_sets
from hub.fhir.fhirpath.nodes import Node, root
from hub.fhir.profiles.compile import compile_profile
from hub.fhir.profiles.conformance import Conformance
from hub.fhir.profiles.elements import CORE
from hub.fhir.profiles.package import Source, complaint, read_packages
from hub.fhir.profiles.places import where
from hub.fhir.profiles.rules import ElementRule, Profile
from hub.fhir.profiles.terms import CORE_SETS, Terms
from hub.fhir.structure import TYPES, is_a
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import ValueSets
from hub.kernel.types import Issue, Json

#: The version of R4's own definitions.
_R4: Final = "4.0.1"


class Profiles:
    """Profiles by canonical URL, and the value sets they are bound to."""

    def __init__(self, profiles: Sequence[Profile], terms: Terms) -> None:
        self._profiles: Final = {profile.url: profile for profile in profiles}
        self.terms: Final = terms

    def __len__(self) -> int:
        return len(self._profiles)

    def beside(self, sets: ValueSets) -> Profiles:
        """The same profiles, asking `sets` for the value sets that neither packages nor R4 list."""
        return Profiles(list(self._profiles.values()), self.terms.beside(sets))

    def undecided(self) -> dict[str, Json | None]:
        """The value sets elements are bound to and neither packages nor R4 list: canonical URL -> the definition in the
        packages, None if they have none. R4's extensible ones are among them.
        """
        own = {one if ":" in one else f"{CORE_SETS}{one}" for one in extensible_sets()}
        bound = own | {one for profile in self._profiles.values() for one in _bound(profile.root)}
        return {one: self.terms.definition(one) for one in sorted(bound) if self.terms.codes(one) is None}

    def find(self, canonical: str) -> Profile | None:
        """The profile of a canonical URL, with or without `|version`; None for one that is not loaded."""
        url, _, version = canonical.partition("|")
        profile = self._profiles.get(url)
        return profile if profile and version in ("", profile.version) else None

    def conformance(self, resource: Json, canonical: str) -> list[Issue] | None:
        """What is wrong with a resource by a profile; None when the profile is not loaded. R4 is judged elsewhere."""
        profile = self.find(canonical)
        return None if profile is None else self._judge(root(resource), profile)

    def claimed(self, resource: Json) -> list[Issue]:
        """What is wrong with a resource, and with those inside it, by the loaded profiles they claim.

        Only for a resource whose structure is right.
        """
        if not self._profiles:
            return []
        found: list[Issue] = []
        for node in within(root(resource)):
            for canonical in claims(node.value):
                profile = self.find(canonical)
                if profile is not None:
                    found += self._judge(node, profile)
        return found

    def extension(self, node: Node) -> list[Issue]:
        """What is wrong with an extension by its definition; nothing where that is not loaded."""
        profile = self.find(str(node.value.get("url", ""))) if node.value.__class__ is dict else None
        return self._judge(node, profile) if profile and profile.type == "Extension" else []

    def _judge(self, node: Node, profile: Profile) -> list[Issue]:
        if not is_a(node.type, profile.type):
            text = f"is no {profile.type}, which {profile.url} is for"
            return [Issue(severity="error", where=where(node), code="structure", text=text)]
        conformance = Conformance(self.find, self.terms)
        try:
            conformance.check(node, profile.root)
        except RecursionError:
            conformance.say("error", where(node), "too-long", "is nested too deeply")
        return list(dict.fromkeys(conformance.issues))


def core_type(canonical: str) -> str | None:
    """The type of R4 whose own definition a canonical URL names, with or without `|4.0.1`; None for every other."""
    url, _, version = canonical.partition("|")
    name = url.removeprefix(CORE)
    return name if url != name and name in TYPES and version in ("", _R4) else None


NO_PROFILES: Final = Profiles((), Terms((), ()))


def _bound(rule: ElementRule) -> Iterator[str]:
    if rule.binding is not None:
        yield rule.binding.value_set
    for below in (*rule.children.values(), *rule.slices.values()):
        yield from _bound(below)


def claims(resource: Any) -> list[str]:
    """The canonical URLs of `meta.profile`."""
    meta = resource.get("meta") if resource.__class__ is dict else None
    listed = meta.get("profile") if meta.__class__ is dict else None
    return [url for url in listed if url.__class__ is str] if listed.__class__ is list else []


def within(node: Node) -> Iterator[Node]:
    """A resource, those contained in it, and those of the entries and parameters it has."""
    yield node
    for name in ("contained", "entry", "parameter", "part", "resource"):
        for below in node.child(name):
            yield from within(below) if below.value.__class__ is dict else ()


def load_profiles(folder: Path | None) -> tuple[Profiles, list[HubError]]:
    """The profiles of a folder of packages, and a complaint for everything in it that cannot be used.

    A complaint's `where` is the file. Definitions of R4's own types are passed over.
    """
    if folder is None:
        return NO_PROFILES, []
    sources, complaints = read_packages(folder)
    definitions = [source for source in sources if _is_profile(source.resource)]
    at_hand = {str(source.resource["url"]): source.resource for source in definitions}
    found: list[Profile] = []
    for source in definitions:
        try:
            found.append(compile_profile(source.resource, at_hand, source.where))
        except HubError as error:
            complaints.append(complaint(source.where, error.what))
    sets, systems = (_of_type(sources, name) for name in ("ValueSet", "CodeSystem"))
    return Profiles(found, Terms(sets, systems)), complaints


def loaded(folder: Path | None) -> Profiles:
    """The profiles of a folder. Raises HubError INVALID with a line for each complaint."""
    profiles, complaints = load_profiles(folder)
    if complaints:
        raise HubError(Category.INVALID, "\n".join(str(one) for one in complaints), where="YILIAN_PROFILES")
    return profiles


def _is_profile(resource: Json) -> bool:
    """Whether a definition constrains a type of R4; logical models and R4's own definitions do not."""
    if resource["resourceType"] != "StructureDefinition" or resource.get("kind") == "logical":
        return False
    return not (resource.get("derivation") != "constraint" and str(resource["url"]).removeprefix(CORE) in TYPES)


def _of_type(sources: Sequence[Source], name: str) -> list[Json]:
    return [source.resource for source in sources if source.resource["resourceType"] == name]

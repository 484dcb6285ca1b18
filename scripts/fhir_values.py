"""Value sets of bindings as rows: the codes of each system, expanded once; and the bindings that are not required.

R4's required bindings name whole code systems or list their codes, so no terminology server is needed. Sets that no
list could hold (languages, MIME types, units) are decided by their syntax: see `hub/fhir/syntax.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hub.fhir.expansion import Expander, Expansion

VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"
MAX_VALUE_SET: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
CURRENCIES: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD "
    "KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SPL SRD SSP STD "
    "STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TVD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VEF VES VND VUV WST "
    "XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWD ZWL ZWG"
)

#: Value sets the package lacks, as the specification lists them (https://hl7.org/fhir/R4/valueset-http-verb.html,
#: valueset-http-operations.html); of valueset-currencies.html, which is all of ISO 4217, the codes R4 lists and those
#: the standard has (list one of 2025, npm package currency-codes 2.2.0).
LACKING: Final[Mapping[str, Expansion]] = {
    "http-verb": {"http://hl7.org/fhir/http-verb": ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]},
    "http-operations": {
        "http://hl7.org/fhir/http-operations": ["delete", "get", "options", "patch", "post", "put", "head"]
    },
}
#: Systems the package lacks.
LISTED: Final = {"urn:iso:std:iso:4217": CURRENCIES.split()}

Structure = Mapping[str, Mapping[str, Any]]


def value_sets(names: Iterable[str], expander: Expander) -> dict[str, Expansion]:
    """Value set -> system -> codes, of each named set that is known; None: a system without a list."""
    found: dict[str, Expansion] = {}
    for name in sorted(set(names)):
        expansion = expander.expand(name if name.startswith("http") else VALUE_SET + name) or LACKING.get(name)
        if expansion is not None:
            found[name] = {system: LISTED.get(system, codes) for system, codes in expansion.items()}
    return found


def required_sets(structure: Structure) -> set[str]:
    """The value sets of the required bindings of a structure table."""
    cells = (cell for row in structure.values() for cell in row["elements"].values())
    return {part[1:] for cell in cells for part in cell.split(" ") if part.startswith("!")}


def binding_rows(definitions: Iterable[Mapping[str, Any]], structure: Structure) -> dict[str, dict[str, str]]:
    """Path -> {extensible: value set, max: value set}, of elements of `structure` and of the types Age to Duration.

    `max` is the set from which additional codes may be taken (extension elementdefinition-maxValueSet).
    """
    found: dict[str, dict[str, str]] = {}
    for definition in definitions:
        for element in definition["snapshot"]["element"]:
            row = _binding(element.get("binding", {}))
            if row and definition.get("derivation") != "constraint" and _is_own(element, structure):
                found[element["path"].removesuffix("[x]")] = row
    return found


def _is_own(element: Mapping[str, Any], structure: Structure) -> bool:
    path = element["path"]
    owner, _, leaf = path.rpartition(".")
    if not owner:
        return path in structure
    return element["base"]["path"] == path and leaf in structure.get(owner, {"elements": {}})["elements"]


def _binding(binding: Mapping[str, Any]) -> dict[str, str]:
    named = [("max", part["valueCanonical"]) for part in binding.get("extension", ()) if part["url"] == MAX_VALUE_SET]
    if binding.get("strength") == "extensible":
        named.append(("extensible", binding.get("valueSet", "")))
    return {strength: url.partition("|")[0].removeprefix(VALUE_SET) for strength, url in named if url}

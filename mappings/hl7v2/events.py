"""Events (message type and trigger) whose structure is mapped on purpose; others give what their segments say.

An acknowledgement (ACK, MCF) is about transport and says nothing of a patient. The answers to orders and referrals
(ORL, ORR, ORG, ORP, RRI) tell what the filler made of an order, in the segments of the order.
"""

from __future__ import annotations

from typing import Final

_ADMINISTRATION: Final = {
    "ADT": tuple(f"A{number:02}" for number in (*range(1, 18), *range(20, 56), 60, 61, 62)),
    "BAR": ("P01", "P02", "P05", "P06", "P10", "P12"),
    "DFT": ("P03", "P11"),
    "MFN": ("M02", "M04", "M05"),
}
_ORDERS: Final = {
    "ORM": ("O01",),
    "OML": ("O21", "O33", "O35"),
    "OMG": ("O19",),
    "OMD": ("O03",),
    "OMI": ("O23",),
    "OMP": ("O09",),
    "ORR": ("O02",),
    "ORL": ("O22", "O34", "O36"),
    "ORG": ("O20",),
    "ORD": ("O04",),
    "ORP": ("O10",),
}
_RESULTS: Final = {"ORU": ("R01", "R30", "R31", "R32", "W01"), "OUL": ("R21", "R22", "R23", "R24")}
_PHARMACY: Final = {
    "RDE": ("O01", "O11", "O25"),
    "RDS": ("O01", "O13"),
    "RAS": ("O01", "O17"),
    "RGV": ("O01", "O15"),
    "VXU": ("V04",),
}
_DOCUMENTS: Final = {"MDM": tuple(f"T{n:02}" for n in range(1, 12))}
_REFERRALS: Final = dict.fromkeys(("REF", "RRI"), ("I12", "I13", "I14", "I15"))
_CARE: Final = {"PPR": ("PC1", "PC2", "PC3"), "PGL": ("PC6", "PC7", "PC8"), "PPG": ("PCG", "PCH", "PCJ")}
_SCHEDULES: Final = {
    "SIU": (*(f"S{n}" for n in range(12, 25)), "S26"),
    "SRM": tuple(f"S{n:02}" for n in range(1, 12)),
}
COVERED: Final = frozenset(
    f"{name}^{event}"
    for family in (
        _ADMINISTRATION,
        _ORDERS,
        _RESULTS,
        _PHARMACY,
        _DOCUMENTS,
        _REFERRALS,
        _CARE,
        _SCHEDULES,
    )
    for name, events in family.items()
    for event in events
)
#: Messages about transport: nothing in them is about a patient.
TRANSPORT: Final = frozenset({"ACK", "MCF"})


def is_covered(kind: str) -> bool:
    """Whether a message (`ADT^A01`) is mapped on purpose."""
    return kind in COVERED or kind.partition("^")[0] in TRANSPORT

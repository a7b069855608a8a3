"""The codes that drafts carry, each with where it was checked (2026-11). None is from memory.

Provenance is written as in cds_service/value_sets: SINGLE SOURCE means that one public source was found. A draft also
says in words what it is for, so that it can be read where a code is not known.

Left out on purpose: LOINC codes for D-dimer, since each fixes FEU or DDU, which the laboratory decides; 30240-6, which
fixes neither, is deprecated. A category of the order (imaging, laboratory): no code for it was checked.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.code_systems import LOINC, SNOMED

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a code system, with the display that its source gives."""

    system: str
    code: str
    display: str
    provenance: str

    @property
    def coding(self) -> dict[str, str]:
        """As a FHIR Coding."""
        return {"system": self.system, "code": self.code, "display": self.display}


VENOUS_DUPLEX = (
    Code(
        LOINC,
        "30881-7",
        "US.doppler Lower extremity vein",
        "public repositories, checked 2026-11 (two files)",
    ),
    Code(
        SNOMED,
        "312725000",
        "Duplex ultrasonography of veins of lower limb (procedure)",
        "harryslimes/snomed-ct-entity-linking@e65d1e0d (FSN table); SINGLE SOURCE",
    ),
)
D_DIMER = (
    Code(
        SNOMED,
        "103826007",
        "D-dimer assay, quantitative (procedure)",
        "harryslimes/snomed-ct-entity-linking@e65d1e0d (FSN table); SINGLE SOURCE",
    ),
)
ANKLE_BRACHIAL_INDEX = (
    Code(
        SNOMED,
        "401221002",
        "Ankle brachial pressure index (procedure)",
        "SNOMED CT editorial guide; SINGLE SOURCE",
    ),
)
CREATINE_KINASE = (
    Code(
        LOINC,
        "2157-6",
        "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma",
        "as in value_sets/creatine-kinase.json",
    ),
)
DVT = Code(SNOMED, "404223003", "Deep venous thrombosis of lower extremity", "as in value_sets/dvt.json")
LEFT_LEG = Code(SNOMED, "32153003", "Structure of left lower limb", "as in value_sets/side-left.json")
RIGHT_LEG = Code(SNOMED, "62175007", "Structure of right lower limb", "as in value_sets/side-right.json")

ACTIVE = Code(_TERMINOLOGY + "condition-clinical", "active", "Active", "FHIR R4")
UNCONFIRMED = Code(_TERMINOLOGY + "condition-ver-status", "unconfirmed", "Unconfirmed", "FHIR R4")
PROBLEM_LIST_ITEM = Code(_TERMINOLOGY + "condition-category", "problem-list-item", "Problem List Item", "FHIR R4")
INSTRUCTION = Code(_TERMINOLOGY + "communication-category", "instruction", "Instruction", "FHIR R4")

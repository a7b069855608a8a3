"""What the sample FHIR server can do, as a CapabilityStatement (https://hl7.org/fhir/R4/capabilitystatement.html)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from cds_service import __version__
from cds_service.web.sample_ehr.search import parameters_of


def capability_statement(base: str, resource_types: Iterable[str], today: date) -> dict[str, Any]:
    """The CapabilityStatement of the instance at `base`."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": today.isoformat(),
        "kind": "instance",
        "software": {"name": "calf-pain-cds sample EHR", "version": __version__},
        "implementation": {"description": "Invented patients, to be read only", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": True, "description": "Open: nobody in here is real."},
                "resource": [_resource(each) for each in resource_types],
            }
        ],
    }


def _resource(resource_type: str) -> dict[str, Any]:
    return {
        "type": resource_type,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [{"name": name, "type": kind} for name, kind in parameters_of(resource_type).items()],
    }

"""Reading FHIR: from what an EHR sends to facts."""

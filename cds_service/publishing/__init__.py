"""What the service knows, for others to read: as FHIR resources, as source attributes, and on the pages of `web`."""

"""The clinical reasoning: pure functions of (chart, as_of). No I/O, no clock, no FHIR model, no HTTP."""

"""Causes of calf pain that the record's facts fit. They explain; the level is the triage policy's alone."""

"""To be filled."""

from __future__ import annotations

from cds_service.assessment.patterns.pattern import Pattern

PATTERNS: tuple[Pattern, ...] = ()

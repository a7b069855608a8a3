"""What a literal reference names (https://hl7.org/fhir/R4/references.html#literal)."""

from __future__ import annotations

_URNS = ("urn:uuid:", "urn:oid:")
_LONGEST = 2_000  # characters; what is longer names nothing that could be looked up


def type_and_id(reference: str) -> tuple[str | None, str]:
    """The type, None where there is none, and the id of `Type/id`, whether relative, absolute or of one version.

    Of `urn:uuid:id` and `urn:oid:id`, of a bare id and of `#id`, which keeps its mark, it is the id alone.
    """
    if len(reference) > _LONGEST:
        return None, reference
    if reference.startswith(_URNS):
        return None, reference.split(":", maxsplit=2)[2]
    *before, identifier = reference.split("/_history/", maxsplit=1)[0].rstrip("/").split("/")
    return before[-1] if before else None, identifier

"""The outcomes are valid FHIR."""

from __future__ import annotations

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cds_service.errors import InvalidRequest
from cds_service.web import outcomes


@pytest.mark.parametrize(
    "response",
    [
        outcomes.from_error(InvalidRequest("is wrong", remedy="Mend it", field="context.patientId")),
        outcomes.from_error(InvalidRequest("is wrong", remedy="Mend it")),
        outcomes.from_http(HTTPException(405, headers={"Allow": "GET"})),
        outcomes.from_http(HTTPException(418)),
        outcomes.from_refused_preflight({}),
        outcomes.from_fault("ab12"),
    ],
)
def test_every_kind_of_outcome_is_valid_fhir(response: Response) -> None:
    (issue,) = OperationOutcome.model_validate_json(bytes(response.body)).issue
    assert issue.severity in ("error", "fatal")

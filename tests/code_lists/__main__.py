"""`make codes-report`."""

import sys

from cds_service.fhir.value_sets import Terminology
from tests.code_lists.report import report

if __name__ == "__main__":
    sys.stdout.write("\n".join(report(Terminology())) + "\n")

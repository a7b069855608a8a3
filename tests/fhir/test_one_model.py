"""FHIR is read with the structs of `fhir/` alone; `fhir.resources` is loaded when something is first written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).parent.parent.parent / "fhir_fixtures"
READ_ALL = """
import json, sys
from pathlib import Path
from cds_service.app import create_app
from cds_service.facts import Topic
from cds_service.fhir.page import Material, open_page
from cds_service.settings import Settings
from tests.charts import AS_OF, READER

create_app(Settings())
facts = 0
for path in Path(sys.argv[1]).glob("*.json"):
    resources = [entry["resource"] for entry in json.loads(path.read_text(encoding="utf-8")).get("entry", ())]
    for who in [each for each in resources if each["resourceType"] == "Patient"]:
        page = open_page(path.read_bytes())
        material = Material(open_page(json.dumps(who).encode()), tuple((topic, page) for topic in Topic))
        facts += len(READER.read(material, who["id"], AS_OF).facts)
assert facts > 100, facts
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("fhir", "fhir_core")))
"""


def test_neither_the_start_nor_reading_loads_the_models_of_fhir_resources() -> None:
    command = [sys.executable, "-c", READ_ALL, str(SAMPLES)]
    done = subprocess.run(command, cwd=SAMPLES.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr

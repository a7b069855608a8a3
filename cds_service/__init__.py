"""A CDS Hooks service that looks at a patient's FHIR R4 record for calf pain and its red flags.

One request takes one straight path: `web` (routes, limits, errors) → `security` (who calls, which FHIR servers may be
read for it) → `hooks` (the message; which data are needed; complete, read, assess, render) → `fhir` (FHIR JSON to
facts, by `value_sets`) → `assessment` (pure rules: facts and a moment to an Assessment) → `rendering` (Assessment and
the words in `cards/` to cards). `storage` keeps what became of it, `publishing` shows what the service knows. `facts`
is the foot that reading and rules share; `app` wires it all, `cli` starts it.
"""

__version__ = "0.1.0"

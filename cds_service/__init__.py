"""A CDS Hooks service that looks at a patient's FHIR R4 record for calf pain and its red flags.

One request takes one straight path: `web` (routes, limits, errors) → `security` (which FHIR servers may be
read) → `hooks` (the message; which data are needed; complete, read, assess, render) → `fhir` (FHIR JSON to
facts) → `assessment` (pure rules: facts and a moment to an Assessment) → `rendering` (Assessment and the
words in `cards/` to cards). `facts` is the foot that reading and rules share; `app` wires it all, `cli`
starts it.
"""

__version__ = "0.1.0"

"""The value sets beside public lists of codes: `python -m tests.code_lists`."""

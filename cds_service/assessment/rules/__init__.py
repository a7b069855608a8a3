"""The rules, a file per topic, each with everything about it."""

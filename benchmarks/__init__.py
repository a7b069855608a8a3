"""Speed of the hook, measured beside a floor on the same server: `make bench`."""

"""Which FHIR servers may be read: a list of base addresses, each trusted as written."""

from __future__ import annotations

from collections.abc import Collection

from cds_service.addresses import ANY, parse_base


class AllowedServers:
    """The base addresses of CDS_FHIR_SERVERS, or those that the registry has for an EHR.

    An address is allowed when it is the same place as one of the list: trailing slash, case of the host and
    the scheme's own port make no difference, any other path does. Private addresses and http are allowed if
    listed, since the EHRs of hospitals are private. `*` allows every http(s) server; the settings accept it
    only on loopback.
    """

    def __init__(self, servers: Collection[str]) -> None:
        self._servers = {parse_base(server) for server in servers} - {None}
        self._any = ANY in servers

    def allows(self, base: str) -> bool:
        place = parse_base(base)
        return place is not None and (self._any or place in self._servers)

"""Who makes a call, and what it may have read for it."""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.security.clients import Client
from cds_service.security.outbound import AllowedServers


@dataclass(frozen=True, slots=True)
class Caller:
    """`client` is None where no registry is used; `tenant` is the claim of its token, empty without one."""

    client: Client | None
    tenant: str
    servers: AllowedServers

    @property
    def name(self) -> str:
        """The client's name in the registry, empty without one."""
        return self.client.name if self.client else ""

    @property
    def shadow(self) -> bool:
        """Whether it gets no cards, whatever its chart holds."""
        return self.client is not None and self.client.shadow

    def may_read(self, base: str) -> bool:
        """Whether data may be read for it from the FHIR server at this base address."""
        return self.servers.allows(base)


NOBODY = Caller(None, "", AllowedServers(()))
"""For calls that come from no EHR: nothing may be read."""

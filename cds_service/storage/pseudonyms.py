"""Keyed hashes in place of the ids of patients and users."""

from __future__ import annotations

import hmac
import secrets

from sqlalchemy import select, text

from cds_service.storage.models import HashKeyRow
from cds_service.storage.store import Store

_ID = 1
_KEY_BYTES = 32
_INSERT = text("INSERT INTO hash_key (id, key) VALUES (:id, :key) ON CONFLICT DO NOTHING")


async def stored_hash_key(store: Store) -> bytes:
    """The key that is kept in the store, the same for all workers; made at the first use.

    Whoever holds the store holds the key too, and can try ids until a hash fits: hence CDS_HASH_KEY.
    """
    async with store.durable.begin() as connection:
        new = {"id": _ID, "key": secrets.token_bytes(_KEY_BYTES)}
        await connection.execute(_INSERT, new)
        key: bytes = (await connection.execute(select(HashKeyRow.key).where(HashKeyRow.id == _ID))).scalar_one()
        return key


def pseudonym(key: bytes, *parts: str) -> str:
    """HMAC-SHA-256 of the parts, in hexadecimal. Parts are kept apart: ("a", "bc") is not ("ab", "c")."""
    return hmac.digest(key, "\x1f".join(parts).encode(), "sha256").hex()


def encounter_pseudonym(key: bytes, client: str, tenant: str, encounter_id: str) -> str:
    """One encounter of one caller, in the journal and where it is looked up."""
    return pseudonym(key, client, tenant, "Encounter", encounter_id)

"""The service's own keys, and the change of the master key that wraps every stored one."""

from __future__ import annotations

import os

from sycee_service.database import Database
from sycee_service.errors import FailedPrecondition

from sycee_ingestion.sealing import KEY_BYTES, Keyring, KeyUse, Sealer

REWRAPPED_AT_ONCE = 500

_DIGEST = "digest"
_OWNER = "service\x00digest"

_FIND = "select key from service_keys where use = $1"
_ADD = "insert into service_keys (use, key) values ($1, $2) on conflict (use) do nothing"
_CHANGE = "update service_keys set key = $2 where use = $1 and key = $3"

_IN_USE = """
select distinct substring(key for $1) as beginning from (
    select identity_key as key from merchant_keys
    union all select contact_key from merchant_keys where contact_key is not null
    union all select wrapped_key from quarantine_keys
    union all select key from service_keys
) as stored
"""

_OLD = """
select merchant_no, merchant_id, identity_key, contact_key
from merchant_keys join merchants using (merchant_no)
where substring(identity_key for $1) <> $2 or substring(contact_key for $1) <> $2
order by merchant_no limit $3 for update of merchant_keys
"""
_REWRAP = """
update merchant_keys set identity_key = new.identity_key, contact_key = new.contact_key
from unnest($1::integer[], $2::bytea[], $3::bytea[]) as new (merchant_no, identity_key, contact_key)
where merchant_keys.merchant_no = new.merchant_no
"""


async def open_sealer(database: Database, keyring: Keyring) -> Sealer:
    """The sealer of this database: its digest key is made when it is first wanted, and the same for ever after.

    Raises FailedPrecondition (DATA_KEY_MISMATCH) when any stored key was wrapped by a master key that is not here:
    better not to start than to find out merchant by merchant.
    """
    async with database.reading() as tx:
        rows = await tx.driver.fetch(_IN_USE, len(keyring.newest))
        if not all(keyring.opens(row["beginning"]) for row in rows):
            raise FailedPrecondition("DATA_KEY_MISMATCH", "it does not open all that was sealed: a key is missing")
        wrapped = await tx.driver.fetchval(_FIND, _DIGEST)
        if wrapped is None:
            await tx.driver.execute(_ADD, _DIGEST, keyring.wrap(os.urandom(KEY_BYTES), _OWNER))
            wrapped = await tx.driver.fetchval(_FIND, _DIGEST)
    return Sealer(keyring, keyring.unwrap(wrapped, _OWNER))


async def rewrap(database: Database, sealer: Sealer) -> int:
    """Wraps up to 500 merchants' keys, and the digest key, anew where an older master key wraps them.

    Returns how many merchants had such keys. Once that is 0 the older master keys are needed no more. Sealed values
    stay as they are. Safe to run at any time and in several processes.
    """
    keyring = sealer.keyring
    async with database.transaction() as tx:
        wrapped = await tx.driver.fetchval(_FIND, _DIGEST)
        if wrapped is not None and not wrapped.startswith(keyring.newest):
            await tx.driver.execute(_CHANGE, _DIGEST, keyring.wrap(keyring.unwrap(wrapped, _OWNER), _OWNER), wrapped)
        rows = await tx.driver.fetch(_OLD, len(keyring.newest), keyring.newest, REWRAPPED_AT_ONCE)
        if rows:
            await tx.driver.execute(
                _REWRAP,
                [row["merchant_no"] for row in rows],
                [_rewrapped(sealer, row["identity_key"], row["merchant_id"], KeyUse.IDENTITY) for row in rows],
                [_rewrapped(sealer, row["contact_key"], row["merchant_id"], KeyUse.CONTACT) for row in rows],
            )
    return len(rows)


def _rewrapped(sealer: Sealer, wrapped: bytes | None, merchant_id: str, use: KeyUse) -> bytes | None:
    return None if wrapped is None else sealer.rewrapped(wrapped, merchant_id, use)

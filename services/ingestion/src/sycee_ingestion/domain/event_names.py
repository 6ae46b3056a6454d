"""What stands for names in rows and indices: hashes of what sources call their orders, buyers, goods and events."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from struct import Struct

_HASH, _KEY = Struct(">q"), Struct(">qq")
_MOST_DIGITS = 18  # of an id's number; the rest of a longer one is left to the hash
_NUMBER_BITS = 47  # a number above is told by its first digits, under one bit more
_DROPPED_BITS = 13  # 10^18 is below 2^60


def order_hash(source: str, order_id: str) -> int:
    """`name_hash` of an order: few come again, so that remembering them would only push out names that do."""
    if not order_id:
        return 0
    found: int = _HASH.unpack(blake2b(f"{source}\x00{order_id}".encode(), digest_size=8).digest())[0]
    return found or 1


@lru_cache(maxsize=65_536)
def name_hash(source: str, name: str) -> int:
    """Eight bytes that stand for a name given by a source, as a signed integer; 0 for no name and for nothing else.

    Enough to tell the buyers, goods or orders of one merchant apart. Names are their source's own: the same one from
    two sources is two.
    """
    return order_hash(source, name)


def event_key(source: str, event_id: str) -> tuple[int, int]:
    """(place, hash): sixteen bytes that stand for the name of an event in the index that makes it count once.

    `hash` tells events apart. `place` keeps near in the index what is named by one count: ids that differ in the number
    at their end alone, as those of orders mostly do, come to lie in its order, so that a feed goes on writing where it
    wrote last, however much is stored. Ids without such a number lie anywhere, as those of any hash do.
    """
    place, hash_ = _KEY.unpack(blake2b(f"{source}\x00{event_id}".encode(), digest_size=16).digest())
    head = event_id.rstrip("0123456789")
    if tail := event_id[len(head) : len(head) + _MOST_DIGITS]:
        number = int(tail)
        if number >> _NUMBER_BITS:
            number = (number >> _DROPPED_BITS) | 1 << _NUMBER_BITS
        place = _place_of(source, head) | number
    return place, hash_


@lru_cache(maxsize=4_096)
def _place_of(source: str, head: str) -> int:
    """Where the ids of a source that begin with `head` and end in a number lie: sixteen bits, and room for that."""
    return order_hash(source, head) & -1 << _NUMBER_BITS + 1


def category_hash(source: str, category: str) -> int:
    """The hash of a category of goods, for orders that name no goods; never that of goods of the same name."""
    return name_hash(source, f"\x00{category}") if category else 0


def payload_digest(  # noqa: PLR0917 - called for each event: keywords cost time
    merchant_id: str, seconds: int, nanos: int, kind: int, withdrawn: bool, body: bytes
) -> int:
    """Eight bytes that change with anything an event says apart from its own name and its revision, as an integer."""
    said = b"%s|%d|%d|%d|%d|%s" % (merchant_id.encode(), seconds, nanos, kind, withdrawn, body)
    digest: int = _HASH.unpack(blake2b(said, digest_size=8).digest())[0]
    return digest

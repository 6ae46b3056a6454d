"""The market and its shops: the simulator's outward face."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2
from sycee.ingestion.v1 import event_pb2, ingestion_pb2

from sycee_simulator import blueprint as blueprints
from sycee_simulator import seasons
from sycee_simulator.archetypes import PATTERNS, Archetype
from sycee_simulator.blueprint import Blueprint
from sycee_simulator.moments import DAY_SECONDS, midnight, proto_date, timestamp
from sycee_simulator.stream import EventStream
from sycee_simulator.truth import Truth

_LONGEST_DAYS: Final = max(pattern.history_days[1] for pattern in PATTERNS.values())
EARLIEST_END: Final = date(2020, 1, 1)  # operators are of age from here on
LATEST_END: Final = seasons.LAST_DAY
_CONSENT_TEXT: Final = "simulated-consent-1"
_ON_TIME_SHARE: Final = 0.7


class Marketplace:
    """A market of simulated shops. The same seed, end and scale give the same bytes, in any process.

    `end` is the last day with events, in the time of Asia/Shanghai: a live suite wants yesterday, since it refuses
    events from the future. `scale` multiplies the number of orders and divides their value, so that sales stay as
    they are; at 1 an average shop has about a thousand events in all.
    """

    def __init__(self, seed: int, end: date, *, scale: float = 1.0) -> None:
        """Raises ValueError when `seed` is negative, `scale` not within 0.01 and 1,000, or `end` out of range."""
        if seed < 0:
            raise ValueError(f"seed must be 0 or more; got {seed}")
        if not 0.01 <= scale <= 1000:
            raise ValueError(f"scale must lie within 0.01 and 1000; got {scale}")
        if not EARLIEST_END <= end <= LATEST_END:
            raise ValueError(f"end must lie within {EARLIEST_END} and {LATEST_END}; got {end}")
        self._seed, self._end, self._scale = seed, end, scale
        first = end - timedelta(days=_LONGEST_DAYS - 1)
        self._day_factors = [seasons.day_factor(first + timedelta(days=offset)) for offset in range(_LONGEST_DAYS)]
        density = "" if scale == 1 else f"-x{scale:g}"
        self._prefix = f"sim{seed}-{end:%Y%m%d}{density}"

    def shops(self, count: int) -> Iterator[Shop]:
        """The first `count` shops; nothing is made before it is asked for."""
        return (self.shop(index) for index in range(count))

    def shop(self, index: int) -> Shop:
        """Shop `index`, from 0. Any 40 neighbouring shops hold every archetype."""
        merchant_id = f"{self._prefix}-{index:05d}"
        drawn = blueprints.draw(self._seed, index, self._end, self._scale, merchant_id)
        return Shop(drawn, self._seed, tuple(self._day_factors[-drawn.day_count :]))


@dataclass(frozen=True, slots=True)
class Shop:
    """One simulated shop. Every call starts afresh and gives the same."""

    _plan: Blueprint
    _seed: int
    _day_factors: tuple[float, ...]

    @property
    def merchant_id(self) -> str:
        """Its identifier, which begins with `sim`."""
        return self._plan.merchant_id

    @property
    def index(self) -> int:
        """Its place in the market."""
        return self._plan.index

    @property
    def archetype(self) -> Archetype:
        """How it behaves: part of the truth."""
        return self._plan.archetype

    @property
    def truth(self) -> Truth:
        """What no service may be told."""
        return self._plan.truth

    def registration(self) -> ingestion_pb2.RegisterMerchantRequest:
        """How it registers, with `simulated` set."""
        plan = self._plan
        request = ingestion_pb2.RegisterMerchantRequest(
            request_id=f"{plan.merchant_id}-register",
            merchant_id=plan.merchant_id,
            name=plan.name,
            borrower_kind=plan.kind,
            uscc=plan.uscc,
            category=plan.goods.code,
            province_code=plan.home.province_code,
            employee_count=plan.employee_count,
            operator=ingestion_pb2.Operator(
                name=plan.person.name, resident_id=plan.person.resident_id, phone=plan.person.phone
            ),
            simulated=True,
        )
        for platform in plan.platforms:
            request.shops.add(
                platform=platform, shop_id=f"{plan.merchant_id}.{platform}", opened_on=proto_date(plan.first_day)
            )
        if plan.kind != common_pb2.BORROWER_KIND_INDIVIDUAL:  # an individual has no licence and so no entry
            revoked = plan.archetype is Archetype.REVOKED
            entry = request.register_entry
            entry.status = common_pb2.REGISTER_STATUS_REVOKED if revoked else common_pb2.REGISTER_STATUS_ACTIVE
            entry.registered_on.CopyFrom(proto_date(plan.registered_on))
            entry.source = "simulated"
            entry.checked_at.CopyFrom(timestamp(midnight(plan.end) + 9 * 3600))
        return request

    def consents(self) -> list[compliance_pb2.RecordConsentRequest]:
        """Consent to the decision, to the bureau query and to the transfer to every lender, given on the last day."""
        given_at = timestamp(midnight(self._plan.end) + 10 * 3600)
        purposes = (
            (compliance_pb2.CONSENT_PURPOSE_CREDIT_DECISION, ""),
            (compliance_pb2.CONSENT_PURPOSE_BUREAU_QUERY, ""),
            (compliance_pb2.CONSENT_PURPOSE_LENDER_TRANSFER, "*"),
        )
        return [
            compliance_pb2.RecordConsentRequest(
                request_id=f"{self.merchant_id}-consent-{purpose}",
                merchant_id=self.merchant_id,
                purpose=purpose,
                recipient=recipient,
                text_version=_CONSENT_TEXT,
                evidence_sha256=hashlib.sha256(f"{_CONSENT_TEXT}:{self.merchant_id}:{purpose}".encode()).hexdigest(),
                given_at=given_at,
            )
            for purpose, recipient in purposes
        ]

    def events(self, *, disorder_days: float = 0.0) -> Iterator[event_pb2.Event]:
        """Its events in the order of `occurred_at`.

        With `disorder_days` the same events come as feeds deliver them: three in ten late, by up to that many days.
        """
        ordered = EventStream(self._plan, Random(f"{self._seed}:events:{self.index}"), self._day_factors).run()
        if disorder_days <= 0:
            return ordered
        return _delayed(ordered, Random(f"{self._seed}:delays:{self.index}"), disorder_days)


def _delayed(events: Iterator[event_pb2.Event], rnd: Random, disorder_days: float) -> Iterator[event_pb2.Event]:
    """Yields events by the second of their delivery; holds no more than what `disorder_days` can delay."""
    waiting: list[tuple[float, int, event_pb2.Event]] = []
    for number, event in enumerate(events):
        occurred = event.occurred_at.seconds
        late = rnd.random() >= _ON_TIME_SHARE
        delay = rnd.random() * disorder_days * DAY_SECONDS if late else 0.0
        heapq.heappush(waiting, (occurred + delay, number, event))
        while waiting[0][0] <= occurred:
            yield heapq.heappop(waiting)[2]
            if not waiting:
                break
    while waiting:
        yield heapq.heappop(waiting)[2]

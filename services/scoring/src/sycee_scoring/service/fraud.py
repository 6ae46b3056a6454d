"""The use cases: an application is looked at, a finding recorded, a ring shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sycee_service.clock import Clock
from sycee_service.errors import InvalidArgument, NotFound
from sycee_service.wire import page_token_decode, page_token_encode

from sycee_scoring.fraud.assessment import Assessment
from sycee_scoring.fraud.evidence import Application
from sycee_scoring.fraud.signals import assess
from sycee_scoring.fraud.surroundings import RingMember, Verdict
from sycee_scoring.store.fraud import FraudStore

DEFAULT_STEPS: Final = 2
DEFAULT_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class RingPage:
    """Some members of a ring; the token is empty on the last page."""

    members: tuple[RingMember, ...]
    next_page_token: str


class FraudService:
    """Looks for fraud."""

    def __init__(self, store: FraudStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def assess(self, application: Application, *, dry_run: bool) -> Assessment:
        """What looks like fraud. The application counts as of now and is kept; with `dry_run` nothing is, and it is
        looked at as of its portrait: over links, applications and findings until then."""
        if dry_run:
            return assess(application, await self._store.look(application, application.as_of))
        return assess(application, await self._store.apply(application, self._clock.now()))

    async def record(self, merchant_id: str, verdict: Verdict, found_by: str) -> datetime:
        """Records what an investigation found; returns when. The newest finding of a merchant counts."""
        found_at = self._clock.now()
        await self._store.record(merchant_id, verdict, found_at, found_by)
        return found_at

    async def ring(self, merchant_id: str, max_steps: int, size: int, token: str) -> RingPage:
        """A page of those linked to a merchant, near ones first, then by merchant_id; 0 steps means 2, 0 size means 50.

        A page begins after the last member of the one before, wherever that stands by now. Raises NotFound, and
        InvalidArgument for a token that is not of this list.
        """
        after, size = _after(token), size or DEFAULT_PAGE
        members = await self._store.ring(merchant_id, max_steps or DEFAULT_STEPS)
        if members is None:
            raise NotFound("merchant", merchant_id)
        rest = [member for member in members if (member.steps, member.merchant_id) > after]
        shown = tuple(rest[:size])
        more = page_token_encode(str(shown[-1].steps), shown[-1].merchant_id) if len(rest) > size else ""
        return RingPage(shown, more)


def _after(token: str) -> tuple[int, str]:
    if not token:
        return (0, "")
    steps, merchant_id = page_token_decode("page_token", token, 2)
    if steps not in {"1", "2", "3", "4"}:
        raise InvalidArgument("page_token", "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID")
    return int(steps), merchant_id

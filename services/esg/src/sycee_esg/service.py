"""The use cases of ESG."""

from __future__ import annotations

from typing import Final

from sycee_service.clock import Clock, business_day

from sycee_esg.catalogue import Catalogue
from sycee_esg.domain import rating
from sycee_esg.domain.portrait import Portrait
from sycee_esg.domain.rating import Assessment

_TOLERANCE: Final = 1e-9


class EsgService:
    """Judges portraits by the version of the book that was in force on their day."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        """`clock` says by which version the probe of `check_factors` is judged; assessments do not look at it."""
        self._catalogue, self._clock = catalogue, clock

    def assess(self, portrait: Portrait) -> Assessment:
        """The standing at `portrait.as_of`: pure, so the same portrait gives the same answer on any day."""
        return rating.assess(portrait, self._catalogue.at(business_day(portrait.as_of)))

    async def check_factors(self) -> None:
        """Whether assessments can be made: an empty portrait must get the neutral score. Raises LookupError if not."""
        moment = self._clock.now()
        score = self.assess(Portrait(merchant_id="probe", as_of=moment)).score
        if abs(score - rating.NEUTRAL) > _TOLERANCE:
            raise LookupError(f"an empty portrait scores {score}, not {rating.NEUTRAL}")

"""Orders whose reviews are near-copies of other buyers' reviews."""

from __future__ import annotations

import numpy as np

from sycee_ingestion.brushing.details import Trade
from sycee_ingestion.brushing.grouping import partners
from sycee_ingestion.brushing.shingling import copy_groups
from sycee_ingestion.brushing.signals import Evidence, ramp

WRITERS = (1, 4)
"""Different buyers of near-equal reviews, where the evidence begins and where it is full: two may have met by chance or
have copied a praise for its coins; four were handed a text."""


def copied_reviews(trade: Trade) -> Evidence:
    """By the number of different buyers behind the near-copies; reviews too short to tell are none."""
    places = trade.review_order
    on_order = places >= 0
    strength = np.zeros(trade.count)
    visible = np.zeros(trade.count, np.bool_)
    if not on_order.any():
        return Evidence.of(strength, visible)
    groups = copy_groups(trade.review_sketches)
    buyer = np.where(on_order, trade.buyer[places], -1)
    # Whose buyer is not known is somebody else each time.
    strangers = trade.buyer.max() + 1 + np.arange(len(places))
    writers = partners(groups, np.where(buyer >= 0, buyer, strangers))
    np.maximum.at(strength, places[on_order], ramp(writers, *WRITERS)[on_order])
    visible[places[on_order]] = True
    return Evidence.of(strength, visible)

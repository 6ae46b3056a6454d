"""The tables, as SQLAlchemy knows them; the migrations make them. A module for each subject."""

from sycee_scoring.schema import fraud, models, outcomes
from sycee_scoring.schema.base import metadata

__all__ = ["fraud", "metadata", "models", "outcomes"]

"""Models from tables: scorecards, monotone boosting, and how good they are."""

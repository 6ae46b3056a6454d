"""ESG assessment of a shop out of its own activity data."""

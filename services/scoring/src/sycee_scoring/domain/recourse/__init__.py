"""What a merchant could change to reach a better score, found by scoring again."""

"""What ESG of a shop means: pure functions from a portrait and a book of factors to an assessment."""

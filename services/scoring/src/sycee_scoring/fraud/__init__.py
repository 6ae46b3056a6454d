"""What looks like fraud: pure rules over a portrait and over who shares what with whom."""

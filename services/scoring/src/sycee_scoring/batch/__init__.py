"""Whole books: the figures of a score of every row of a table, by the same models and formulas as online."""

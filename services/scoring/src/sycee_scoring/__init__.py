"""Calibrated default probability, score, grade and reasons."""

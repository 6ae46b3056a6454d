"""What outcomes teach: labels, calibration, refit, drift, comparison, fairness. Pure: numpy, no I/O."""

"""Early warning from daily trade alone."""

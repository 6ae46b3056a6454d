"""Brushing (刷单): which orders of a shop were placed to look like trade, and which signals say so."""

"""The features of a merchant: each defined once, computed alike for one merchant online and for a whole book.

`catalogue` lists them, `frames.compute` makes them out of frames of Polars or PySpark, and `online.Prepared` does so
fast for one point at a time.
"""

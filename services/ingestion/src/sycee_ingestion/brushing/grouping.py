"""Counting within groups of orders that are sorted by moment. Groups are numbered from 0 without gaps; −1 is none."""

from __future__ import annotations

import numpy as np

from sycee_ingestion.brushing.signals import Flags, Floats, Whole


def sizes(codes: Whole) -> Whole:
    """How many share each one's group, (n,); 0 for those in none."""
    counts = np.bincount(codes + 1, minlength=1)
    counts[0] = 0
    found: Whole = counts[codes + 1]
    return found


def partners(codes: Whole, others: Whole) -> Whole:
    """How many different `others` are seen in each one's group, (n,); those of code −1 are not counted."""
    known = (codes >= 0) & (others >= 0)
    stride = others.max(initial=0) + 1
    pairs = np.sort(codes[known] * stride + others[known])
    first = np.diff(pairs, prepend=-1) > 0
    counts = np.bincount(pairs[first] // stride, minlength=codes.max(initial=0) + 1)
    return np.where(codes >= 0, counts[codes], 0)


def neighbours(codes: Whole, at_s: Whole, half_window_s: int) -> Whole:
    """How many of each one's group, itself among them, lie within ± `half_window_s`, (n,); 0 for code −1."""
    found = np.zeros(len(codes), np.int64)
    if not len(codes):
        return found
    since = at_s - at_s[0]
    stride = int(since[-1]) + 2 * half_window_s + 1
    order = np.argsort(codes, kind="stable")
    # Sorted needles find their places many times faster than scattered ones.
    keys = (codes * stride + since)[order]
    upper = np.searchsorted(keys, keys + half_window_s, "right")
    found[order] = upper - np.searchsorted(keys, keys - half_window_s, "left")
    return np.where(codes >= 0, found, 0)


def first_and_last(codes: Whole, at_s: Whole) -> tuple[Whole, Whole]:
    """The moments of the first and the last of each one's group, (n,); its own for code −1."""
    first = np.full(codes.max(initial=-1) + 2, np.iinfo(np.int64).max)
    last = np.full(len(first), np.iinfo(np.int64).min)
    np.minimum.at(first, codes + 1, at_s)
    np.maximum.at(last, codes + 1, at_s)
    told = codes >= 0
    return np.where(told, first[codes + 1], at_s), np.where(told, last[codes + 1], at_s)


def touched(codes: Whole, which: Flags) -> Flags:
    """Whether any of each one's group is one of `which`, (n,); itself for code −1."""
    counts = np.bincount(codes[which] + 1, minlength=codes.max(initial=-1) + 2)
    return np.where(codes >= 0, counts[codes + 1] > 0, which)


def medians(codes: Whole, values: Floats) -> Floats:
    """The lower median of each one's group, (n,); those of code −1 are a group too."""
    order = np.lexsort((values, codes))
    counts = np.bincount(codes + 1, minlength=1)
    begins = np.cumsum(counts) - counts
    # An empty group borrows a neighbour's median, and nobody asks for it.
    middle = np.minimum(begins + np.maximum(counts - 1, 0) // 2, max(len(values) - 1, 0))
    found: Floats = values[order][middle][codes + 1]
    return found

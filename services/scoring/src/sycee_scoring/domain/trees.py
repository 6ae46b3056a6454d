"""A boosted model's trees, read out of LightGBM's own text and summed into additive tables.

A tree whose every path splits on at most two features is a sum over its leaves, each of which fills a box of one table
of those features. Leaf by leaf this gives the whole model as an `AdditiveTable`, which says what LightGBM says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import MAX_CELLS, MAX_TERM_FEATURES, AdditiveTable, Array, Term, sizes, term

_CATEGORICAL: Final = 1
_DEFAULT_LEFT: Final = 2
_MISSING_IS_NAN: Final = 2


class ModelTextError(Exception):
    """The text is no model of numeric features that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree. Children below 0 are leaves: child −1 is leaf 0."""

    split_feature: tuple[int, ...]
    threshold: tuple[float, ...]
    default_left: tuple[bool, ...]
    missing_is_nan: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    leaf_value: tuple[float, ...]


def parse_model(text: str) -> tuple[tuple[str, ...], tuple[Tree, ...]]:
    """Feature names and trees out of a LightGBM text model of one output. Raises ModelTextError."""
    head, *blocks = text.split("\nTree=")
    fields = _fields(head)
    if fields.get("num_tree_per_iteration") != "1" or "feature_names" not in fields:
        raise ModelTextError("expected the head of a LightGBM model with one output")
    if not blocks:
        raise ModelTextError("the model holds no trees")
    try:
        trees = tuple(_tree(_fields(block.split("\n\n", 1)[0])) for block in blocks)
    except (KeyError, ValueError) as error:
        raise ModelTextError(f"a tree cannot be read: {error}") from error
    return tuple(fields["feature_names"].split(" ")), trees


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _tree(fields: dict[str, str]) -> Tree:
    decisions = [int(word) for word in fields.get("decision_type", "").split()]
    if any(decision & _CATEGORICAL for decision in decisions):
        raise ModelTextError("categorical splits are not supported")
    missing = [decision >> 2 for decision in decisions]
    if any(kind not in (0, _MISSING_IS_NAN) for kind in missing):
        raise ModelTextError("zero as missing is not supported")
    integers = {key: tuple(int(word) for word in fields.get(key, "").split()) for key in _INTEGERS}
    tree = Tree(
        split_feature=integers["split_feature"],
        threshold=tuple(float(word) for word in fields.get("threshold", "").split()),
        default_left=tuple(bool(decision & _DEFAULT_LEFT) for decision in decisions),
        missing_is_nan=tuple(kind == _MISSING_IS_NAN for kind in missing),
        left=integers["left_child"],
        right=integers["right_child"],
        leaf_value=tuple(float(word) for word in fields["leaf_value"].split()),
    )
    columns = (tree.split_feature, tree.threshold, tree.default_left, tree.left, tree.right)
    if len({len(column) for column in columns}) != 1 or len(tree.leaf_value) != len(tree.left) + 1:
        raise ModelTextError("a tree's columns differ in length")
    return tree


_INTEGERS: Final = ("split_feature", "left_child", "right_child")


def additive(
    features: tuple[str, ...], boosters: Sequence[tuple[Tree, ...]], decimals: int | None = None
) -> AdditiveTable:
    """The sum of the boosters' trees as tables, cells rounded to `decimals`. Raises ModelTextError where a path joins
    more than two features or there would be more than `MAX_CELLS` cells."""
    trees = [tree for booster in boosters for tree in booster]
    thresholds = _thresholds(features, trees)
    # A cell's value is its upper threshold, which goes left; then infinity; then the missing value.
    stands_for = [np.array([*values, math.inf, math.nan]) for values in thresholds]
    tables: dict[tuple[int, ...], Array] = {}
    for tree in trees:
        for leaf, conditions in _leaves(tree):
            columns = tuple(sorted({tree.split_feature[node] for node, _ in conditions}))
            if len(columns) > MAX_TERM_FEATURES:
                names = ", ".join(features[column] for column in columns)
                raise ModelTextError(f"a path joins {names}; at most {MAX_TERM_FEATURES} features can be tabulated")
            table = tables.setdefault(columns, np.zeros([len(stands_for[column]) for column in columns]))
            box = [np.ones(len(stands_for[column]), dtype=bool) for column in columns]
            for node, left in conditions:
                place = columns.index(tree.split_feature[node])
                box[place] &= _goes_left(tree, node, stands_for[columns[place]]) == left
            table[np.ix_(*box)] += leaf
    if sum(table.size for table in tables.values()) > MAX_CELLS:
        raise ModelTextError(f"more than {MAX_CELLS} cells")
    return _table(features, thresholds, tables, decimals)


def _table(
    features: tuple[str, ...],
    thresholds: tuple[tuple[float, ...], ...],
    tables: dict[tuple[int, ...], Array],
    decimals: int | None,
) -> AdditiveTable:
    counts = sizes(thresholds)
    intercept = float(tables.pop((), np.zeros(())))
    terms: list[Term] = []
    for columns, table in sorted(tables.items(), key=lambda item: (len(item[0]), item[0])):
        cells = table if decimals is None else np.round(table, decimals)
        terms.append(term(columns, counts, cells.ravel().tolist()))
    return AdditiveTable(
        features, thresholds, intercept if decimals is None else round(intercept, decimals), tuple(terms)
    )


def _thresholds(features: tuple[str, ...], trees: Sequence[Tree]) -> tuple[tuple[float, ...], ...]:
    """Of each feature, ascending. An infinite one tells the missing value from all others, and needs no cell."""
    found: list[set[float]] = [set() for _ in features]
    for tree in trees:
        for feature, threshold in zip(tree.split_feature, tree.threshold, strict=True):
            if math.isfinite(threshold):
                found[feature].add(threshold)
    return tuple(tuple(sorted(values)) for values in found)


def _leaves(tree: Tree) -> list[tuple[float, tuple[tuple[int, bool], ...]]]:
    """Each leaf's value with the nodes on its path and whether the path goes left there."""
    if not tree.split_feature:
        return [(tree.leaf_value[0], ())]
    found: list[tuple[float, tuple[tuple[int, bool], ...]]] = []
    open_nodes: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(0, ())]
    while open_nodes:
        node, path = open_nodes.pop()
        if node < 0:
            found.append((tree.leaf_value[-node - 1], path))
            continue
        open_nodes.append((tree.right[node], (*path, (node, False))))
        open_nodes.append((tree.left[node], (*path, (node, True))))
    return found


def _goes_left(tree: Tree, node: int, values: Array) -> npt.NDArray[np.bool_]:
    missing = np.isnan(values)
    left: npt.NDArray[np.bool_] = np.where(missing, 0.0, values) <= tree.threshold[node]
    return np.where(missing, tree.default_left[node], left) if tree.missing_is_nan[node] else left

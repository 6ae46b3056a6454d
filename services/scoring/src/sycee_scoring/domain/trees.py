"""A boosted model as one table.

LightGBM's own text is read, and every cell that its thresholds can tell apart is summed once, when the model is
loaded. A prediction is then a few binary searches and one look-up, and so is each "what if" behind a reason; both are
exactly LightGBM's figures, because each cell adds the same leaves in the same order.

The table has (thresholds + 2) cells for each feature and suits models of a few features, as is checked.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

MAX_CELLS: Final = 200_000

ZERO: Final = 1.0000000180025095e-35
"""Values up to this size are zero to LightGBM (its kZeroThreshold, 1e-35 in single precision)."""

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

    def predict(self, values: tuple[float, ...]) -> float:
        """The leaf's value. NaN is a missing value."""
        if not self.split_feature:
            return self.leaf_value[0]
        node = 0
        while node >= 0:
            node = self.left[node] if self._goes_left(node, values[self.split_feature[node]]) else self.right[node]
        return self.leaf_value[-node - 1]

    def _goes_left(self, node: int, value: float) -> bool:
        if math.isnan(value):
            if self.missing_is_nan[node]:
                return self.default_left[node]
            value = 0.0
        return value <= self.threshold[node]


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


@dataclass(frozen=True, slots=True)
class TreeTable:
    """Every value that the trees can give. Immutable; a look-up costs about a microsecond."""

    features: tuple[str, ...]
    thresholds: tuple[tuple[float, ...], ...]  # ascending, one tuple a feature
    strides: tuple[int, ...]
    cells: tuple[float, ...]

    def raw(self, values: tuple[float, ...]) -> float:
        """The sum of the trees, in log-odds. NaN is a missing value."""
        cell = 0
        for value, thresholds, stride in zip(values, self.thresholds, self.strides, strict=True):
            if math.isnan(value):
                cell += stride * (len(thresholds) + 1)
            else:
                cell += stride * bisect_left(thresholds, 0.0 if abs(value) <= ZERO else value)
        return self.cells[cell]


def tabulate(features: tuple[str, ...], trees: tuple[Tree, ...]) -> TreeTable:
    """Sums the trees over every cell. Raises ModelTextError where there would be more than `MAX_CELLS`."""
    found: list[set[float]] = [set() for _ in features]
    for tree in trees:
        for feature, threshold in zip(tree.split_feature, tree.threshold, strict=True):
            found[feature].add(threshold)
    thresholds = tuple(tuple(sorted(values)) for values in found)
    sizes = [len(values) + 2 for values in thresholds]
    if math.prod(sizes) > MAX_CELLS:
        raise ModelTextError(f"{math.prod(sizes)} cells; at most {MAX_CELLS} can be tabulated")
    # A cell's value is its upper threshold, which goes left; then infinity; then the missing value.
    stands_for = [(*values, math.inf, math.nan) for values in thresholds]
    cells = tuple(_sum(trees, values) for values in itertools.product(*stands_for))
    strides = tuple(math.prod(sizes[position + 1 :]) for position in range(len(sizes)))
    return TreeTable(features, thresholds, strides, cells)


def _sum(trees: tuple[Tree, ...], values: tuple[float, ...]) -> float:
    total = 0.0
    for tree in trees:
        total += tree.predict(values)
    return total

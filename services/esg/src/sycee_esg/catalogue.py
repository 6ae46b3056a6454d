"""The versions of the book that ship with the service, read from `data/` and checked when the service starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Any, Final

import yaml

from sycee_esg.domain.book import (
    Book,
    DiscountRule,
    Factor,
    Materiality,
    MetricRule,
    PenaltyRule,
    Pillar,
    Rating,
)
from sycee_esg.domain.portrait import Mode, PenaltyKind, RegisterStatus

MAX_DISCOUNT_BP: Final = 50
"""Rule ESG-11."""
_FIGURES: Final = ("typical_parcel_kg", "return_stretch")
_NEEDED_FACTORS: Final = frozenset(mode.value for mode in Mode) | {
    "packaging.average",
    "packaging.recycled_ratio",
    "packaging.reusable_ratio",
    "grid.cn",
}


class CatalogueError(ValueError):
    """A version's data do not hold together; the text says where."""


class Catalogue:
    """Every version of the book, by the day it takes effect."""

    def __init__(self, books: Iterable[Book]) -> None:
        """Raises CatalogueError when there is no book or two take effect on one day."""
        self._books = sorted(books, key=lambda book: book.effective_from)
        if not self._books:
            raise CatalogueError("there is no version of the book")
        for earlier, later in pairwise(self._books):
            _need(earlier.effective_from < later.effective_from, f"two versions from {later.effective_from} on")

    def at(self, day: date) -> Book:
        """The version in force on `day`; before the first version, the first."""
        in_force = [book for book in self._books if book.effective_from <= day]
        return in_force[-1] if in_force else self._books[0]

    @property
    def versions(self) -> tuple[str, ...]:
        """Names of the versions, oldest first."""
        return tuple(book.version for book in self._books)


def load_catalogue() -> Catalogue:
    """Reads every version that is shipped. Raises CatalogueError naming the flaw."""
    folders = sorted(resources.files("sycee_esg").joinpath("data").iterdir(), key=lambda folder: folder.name)
    return Catalogue(load_book(folder) for folder in folders if folder.is_dir())


def load_book(folder: Traversable) -> Book:
    """Reads one version from its folder."""
    version, numbers, metrics, materiality, standing = (
        _read(folder, name) for name in ("version", "factors", "metrics", "materiality", "standing")
    )
    try:
        rules = tuple(_metric(entry) for entry in metrics["metrics"])
        default = materiality["default"]
        book = Book(
            version=str(version["version"]),
            effective_from=version["effective_from"],
            factors={entry["id"]: _factor(entry) for entry in numbers["factors"]},
            grids={province: grid for grid, provinces in numbers["grids"].items() for province in provinces},
            metrics=rules,
            disclosable=frozenset(metrics["disclosable"]),
            default_materiality=_materiality(default, {}, rules),
            materiality_by_category={
                category: _materiality(default, changes, rules)
                for category, changes in materiality["categories"].items()
            },
            bands=tuple((Rating[name], float(lowest)) for name, lowest in standing["bands"].items()),
            penalties={PenaltyKind(kind): _penalty(entry) for kind, entry in standing["penalties"].items()},
            register_caps={RegisterStatus(state): Rating[name] for state, name in standing["register_caps"].items()},
            discounts=tuple(_discount(entry) for entry in standing["discounts"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CatalogueError(f"{folder.name}: {error!r}") from error
    _check(book)
    return book


def _read(folder: Traversable, name: str) -> Any:
    return yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))


def _factor(entry: Mapping[str, Any]) -> Factor:
    return Factor(entry["id"], float(entry["value"]), entry["unit"], entry["source"], int(entry["year"]), entry["rule"])


def _metric(entry: Mapping[str, Any]) -> MetricRule:
    return MetricRule(
        code=entry["code"],
        pillar=Pillar(entry["pillar"]),
        unit=entry["unit"],
        values=tuple(float(value) for value, _ in entry["points"]),
        scores=tuple(float(score) for _, score in entry["points"]),
        stretch=entry.get("stretch"),
        method=entry["method"],
    )


def _materiality(default: Mapping[str, Any], changes: Mapping[str, Any], rules: Iterable[MetricRule]) -> Materiality:
    """The default with a category's changes, normalised: pillars sum to 1, and so do the metrics of each pillar."""
    weights = {**default["metrics"], **changes.get("metrics", {})}
    sums = dict.fromkeys(Pillar, 0.0)
    for rule in rules:
        sums[rule.pillar] += weights[rule.code]
    pillars = changes.get("pillars", default["pillars"])
    return Materiality(
        pillar_weights={pillar: pillars[pillar.value] / sum(pillars.values()) for pillar in Pillar},
        metric_weights={rule.code: weights[rule.code] / sums[rule.pillar] for rule in rules},
        figures={name: float(changes.get(name, default[name])) for name in _FIGURES},
    )


def _penalty(entry: Mapping[str, Any]) -> PenaltyRule:
    return PenaltyRule(Pillar(entry["pillar"]), float(entry["points"]), Rating[entry["cap"]])


def _discount(entry: Mapping[str, Any]) -> DiscountRule:
    return DiscountRule(Rating[entry["rating"]], float(entry["coverage"]), int(entry["bp"]))


def _check(book: Book) -> None:
    """What the domain relies on without asking again."""
    _need(book.factors.keys() >= _NEEDED_FACTORS, f"factors lack {sorted(_NEEDED_FACTORS - book.factors.keys())}")
    _need(set(book.grids.values()) <= book.factors.keys(), "a grid has no factor")
    _need(all(factor.value >= 0 for factor in book.factors.values()), "a factor is negative")
    _need(set(book.penalties) == set(PenaltyKind), "a kind of penalty has no rule")
    _need(all(rule.points >= 0 for rule in book.penalties.values()), "a penalty adds points")
    _need([rating for rating, _ in book.bands] == list(Rating)[:-1], "bands must be listed best first, without CCC")
    _need(_descends([lowest for _, lowest in book.bands]), "the lowest scores of the bands must fall")
    _need(all(0 <= row.discount_bp <= MAX_DISCOUNT_BP for row in book.discounts), "a discount is above 50 bp (ESG-11)")
    _need(_descends([row.discount_bp for row in book.discounts]), "the discount grid must fall")
    for rule in book.metrics:
        rises = len(rule.values) >= 2 and _descends(rule.values[::-1])
        _need(rises, f"{rule.code}: the values of its points must rise")
        _need(all(0 <= score <= 100 for score in rule.scores), f"{rule.code}: a score is outside 0 to 100")
        _need(rule.stretch is None or rule.stretch in _FIGURES, f"{rule.code}: no figure {rule.stretch}")
    for materiality in (book.default_materiality, *book.materiality_by_category.values()):
        weights = (*materiality.pillar_weights.values(), *materiality.metric_weights.values())
        _need(
            min(weights) >= 0 and min(materiality.figures.values()) > 0, "a weight is negative or a figure not positive"
        )


def _descends(values: Sequence[float]) -> bool:
    return all(earlier > later for earlier, later in pairwise(values))


def _need(holds: bool, flaw: str) -> None:
    if not holds:
        raise CatalogueError(flaw)

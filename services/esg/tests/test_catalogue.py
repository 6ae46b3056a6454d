"""The book that ships holds together, and one that does not is refused."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from sycee_esg.catalogue import Catalogue, CatalogueError, load_book, load_catalogue
from sycee_esg.domain.book import Book

SHIPPED = Path(str(resources.files("sycee_esg"))) / "data" / "2026.1"


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, Callable[[Any], None]], Path]:
    """A copy of the shipped book with one file changed."""

    def edit(name: str, change: Callable[[Any], None]) -> Path:
        folder = tmp_path / "copy"
        shutil.copytree(SHIPPED, folder)
        content = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        change(content)
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return folder

    return edit


def test_factors_are_those_of_the_rule_book(book: Book) -> None:
    """Sections ESG-05, -06 and -07 of the domain rules."""
    values = {factor_id: factor.value for factor_id, factor in book.factors.items()}
    assert values == {
        "freight.road_light": 0.334, "freight.road_medium": 0.179, "freight.road_heavy": 0.129, "freight.rail": 0.010,
        "packaging.average": 0.287, "packaging.recycled_ratio": 0.6, "packaging.reusable_ratio": 0.2,
        "grid.cn": 0.5306, "grid.north": 0.6361, "grid.north_east": 0.5122, "grid.east": 0.55, "grid.central": 0.5271,
        "grid.north_west": 0.5543, "grid.south": 0.4042, "grid.south_west": 0.2472,
    }  # fmt: skip
    assert values["packaging.average"] == pytest.approx(23.958e9 / 83.36e9, abs=0.0005)


def test_every_factor_has_unit_source_year_and_rule(book: Book) -> None:
    for factor in book.factors.values():
        assert factor.unit
        assert factor.source
        assert 2000 < factor.year <= 2026
        assert factor.rule_id.startswith("ESG-")


def test_weights_are_normalised_for_every_category(book: Book) -> None:
    for materiality in (book.default_materiality, *book.materiality_by_category.values()):
        assert sum(materiality.pillar_weights.values()) == pytest.approx(1)
        for rules in book.metrics_by_pillar.values():
            assert sum(materiality.metric_weights[rule.code] for rule in rules) == pytest.approx(1)


def test_every_scale_passes_through_neutral(book: Book) -> None:
    """50 is within reach of every metric, so that no metric is good or bad whatever its value."""
    for rule in book.metrics:
        assert min(rule.scores) <= 50 <= max(rule.scores)


def test_the_version_of_the_day_is_taken(book: Book) -> None:
    later = replace(book, version="factors-2027.1", effective_from=date(2027, 1, 1))
    catalogue = Catalogue([later, book])
    assert catalogue.versions == ("factors-2026.1", "factors-2027.1")
    assert catalogue.at(date(2026, 12, 31)) is book
    assert catalogue.at(date(2027, 1, 1)) is later
    assert catalogue.at(date(1998, 7, 1)) is book


def test_no_book_and_two_of_one_day_are_refused(book: Book) -> None:
    with pytest.raises(CatalogueError, match="no version"):
        Catalogue([])
    with pytest.raises(CatalogueError, match="two versions"):
        Catalogue([book, book])


def test_what_ships_loads() -> None:
    assert load_catalogue().versions == ("factors-2026.1",)


@pytest.mark.parametrize(
    ("name", "change", "flaw"),
    [
        ("standing.yaml", lambda c: c["discounts"][0].update(bp=51), "50 bp"),
        ("standing.yaml", lambda c: c["discounts"].reverse(), "grid must fall"),
        ("standing.yaml", lambda c: c["penalties"]["safety"].update(points=-1), "adds points"),
        ("standing.yaml", lambda c: c["penalties"].pop("safety"), "no rule"),
        ("standing.yaml", lambda c: c["bands"].update(AA=90), "must fall"),
        ("standing.yaml", lambda c: c["penalties"]["safety"].update(cap="AAAA"), "AAAA"),
        ("factors.yaml", lambda c: c["factors"].pop(0), "freight.road_light"),
        ("factors.yaml", lambda c: c["factors"][0].update(value=-0.1), "negative"),
        ("factors.yaml", lambda c: c["grids"].update({"grid.moon": ["99"]}), "no factor"),
        ("metrics.yaml", lambda c: c["metrics"][0]["points"].reverse(), "must rise"),
        ("metrics.yaml", lambda c: c["metrics"][0].update(points=[[0, 50], [1, 101]]), "outside"),
        ("metrics.yaml", lambda c: c["metrics"][0].update(stretch="girth"), "girth"),
        ("metrics.yaml", lambda c: c["metrics"][0].update(pillar="luck"), "luck"),
        ("materiality.yaml", lambda c: c["default"]["metrics"].pop("disclosure"), "disclosure"),
        ("materiality.yaml", lambda c: c["default"]["metrics"].update(disclosure=-0.1), "weight is negative"),
        ("materiality.yaml", lambda c: c["default"].update(return_stretch=0), "not positive"),
    ],
)
def test_flawed_books_are_refused(name: str, change: Callable[[Any], None], flaw: str, edited: Any) -> None:
    with pytest.raises(CatalogueError, match=flaw):
        load_book(edited(name, change))

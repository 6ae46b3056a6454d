"""The one gate through which every model comes: digest, then schema, then the component's own loader.

A component plugs in with a `Loader` (`known_loaders` lists them).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sycee_scoring.model_files import MODELS, ModelRefusedError
from sycee_scoring.registry.model import Component, Facts, Package, sha256_hex
from sycee_scoring.registry.schema import Schema
from sycee_scoring.registry.serving import Loaded

__all__ = ["Card", "Loader", "ModelRefusedError", "load", "packaged", "read_package"]

Card = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loader:
    """How models of one component are read.

    `schema`: what this code computes. `stated`: what a card says its model was made for. `parse`: version, artefact and
    card to the object that scores, which bears the version; raises ModelRefusedError. `shipped`: the model that comes
    with the code, not loaded yet; None where none does.
    """

    component: Component
    schema: Schema
    stated: Callable[[Card], Schema]
    parse: Callable[[str, bytes, Card], Any]
    shipped: Callable[[], Package] | None


def load(package: Package, loaders: Mapping[Component, Loader]) -> Loaded:
    """The model of a package, fit to score.

    Raises ModelRefusedError where the artefact's digest is not the registered one, or the names, order or directions of
    its features are not the ones that this code computes, or the loader cannot read it.
    """
    actual = sha256_hex(package.artefact)
    if actual != package.artefact_sha256:
        raise ModelRefusedError(
            f"{package.version}: the artefact has SHA-256 {actual}, registered is {package.artefact_sha256}"
        )
    loader = loaders.get(package.component)
    if loader is None:
        raise ModelRefusedError(f"{package.version}: this code has no {package.component.label} models")
    _check_schema(package, loader)
    model = loader.parse(package.version, package.artefact, package.card)
    if model.version != package.version:
        raise ModelRefusedError(f"{package.version}: what it holds calls itself {model.version}")
    return Loaded(package.version, package.component, model)


def packaged(loader: Loader, artefact: bytes, card: Card, markdown: str, facts: Facts) -> Package:
    """A package with the digests that its card states, for `load` to check. It is named after both.

    Raises ModelRefusedError where the card states none.
    """
    try:
        digest: str = card["artefact_sha256"]
        name = str(card["version"]).partition("+")[0]
        return Package(
            version=f"{name}+sha256.{digest[:12]}",
            component=loader.component,
            artefact=artefact,
            artefact_sha256=digest,
            schema_sha256=loader.stated(card).sha256,
            card=card,
            markdown=markdown,
            facts=facts,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"a {loader.component.label} model's card is not whole: {error!r}") from error


def read_package(loader: Loader, name: str, facts: Callable[[Card], Facts], folder: Path = MODELS) -> Package:
    """The package of files in a folder. Raises ModelRefusedError where one is missing or cannot be read."""
    try:
        card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        artefact = (folder / card["artefact"]).read_bytes()
        markdown = (folder / f"{name}.md").read_text(encoding="utf-8")
        return packaged(loader, artefact, card, markdown, facts(card))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{name} cannot be loaded: {error!r}") from error


def _check_schema(package: Package, loader: Loader) -> None:
    try:
        stated = loader.stated(package.card)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{package.version}: its card states no features: {error!r}") from error
    if stated != loader.schema:
        raise ModelRefusedError(
            f"{package.version}: made for {_shown(stated)}, this code computes {_shown(loader.schema)}"
        )
    if package.schema_sha256 != stated.sha256:
        raise ModelRefusedError(
            f"{package.version}: its card's schema has SHA-256 {stated.sha256}, registered is {package.schema_sha256}"
        )


def _shown(schema: Schema) -> str:
    return ", ".join(f"{name} ({way:+d})" for name, way in zip(schema.names, schema.directions, strict=False))

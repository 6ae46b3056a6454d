"""Model cards as pages to read: what a card says, in Markdown, with the plots beside it."""

from __future__ import annotations

from sycee_scoring import card_application, card_bureau
from sycee_scoring.card_parts import Card


def render(card: Card) -> str:
    """The page of a card of the application or the bureau model."""
    parts = (card_bureau if card["component"] == "bureau" else card_application).sections(card)
    limits = ["## Limits", "", *(f"- {limit}" for limit in card["limits"]), ""]
    return "\n".join([*_head(card), *parts, *limits])


def _head(card: Card) -> list[str]:
    return [
        f"# {card['version']}",
        "",
        "Made by `make train`; the figures are in the JSON file beside this page, which the service reads.",
        "",
        f"- Artefact: `{card['artefact']}`, SHA-256 `{card['artefact_sha256']}`; serving section"
        f" `{card['serving_sha256']}`; features and directions `{card['schema_sha256']}`. Loading refuses any other.",
    ]

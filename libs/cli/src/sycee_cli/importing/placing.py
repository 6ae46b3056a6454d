"""Finding files to import and putting them where ingestion may read them."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder, read_choices

SUFFIXES = (".csv", ".txt", ".json", ".jsonl", ".parquet")
MOST_FILES = 1_000
_LONGEST_STEM = 40


def gathered(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and those in folders that bear a suffix which is read, by name.

    Raises SuiteError for what is neither, and where there are none or more than 1,000.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.is_file() and file.suffix.lower() in SUFFIXES)
        elif path.is_file():
            found.append(path)
        else:
            raise SuiteError(f"{path} is neither a file nor a folder")
    if not 0 < len(found) <= MOST_FILES:
        raise SuiteError(f"1 to {MOST_FILES} files can be imported at once; {len(found)} were found")
    return found


def place(folder: StateFolder, file: Path) -> str:
    """Puts a file where ingestion may read it, under a name of its content's own; the path below the import root.

    What the file is called stays readable in the name, since it often tells what is in it.
    """
    choices = read_choices(folder)
    root = Path(choices.import_root) if choices is not None and choices.import_root else folder.imports
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", file.stem)[:_LONGEST_STEM].strip("-")
    name = f"{digest[:16]}{f'-{stem}' if stem else ''}{file.suffix.lower()}"
    if not (root / name).exists():
        shutil.copyfile(file, root / f".{name}.part")
        (root / f".{name}.part").replace(root / name)
    return name


def mapping_beside(file: Path) -> Path | None:
    """The mapping that lies beside a file under its name, such as `orders.yaml` for `orders.csv`."""
    return next((beside for suffix in (".yaml", ".yml") if (beside := file.with_suffix(suffix)).is_file()), None)


def mapping_in(file: Path) -> str:
    """The text of a mapping. Raises SuiteError when it is none."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SuiteError(f"{file} must be YAML in UTF-8") from None

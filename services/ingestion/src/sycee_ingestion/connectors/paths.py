"""Field paths: where in a row a value stands.

A path is a column's name as the file has it, whatever characters it holds. Where no column bears the name, it is read
as steps into nested values: `buyer.address[0].city`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

Step = str | int
Path = tuple[Step, ...]

_PART = re.compile(r"([^.\[\]]+)((?:\[\d{1,6}\])*)")
_INDEX = re.compile(r"\[(\d+)\]")


def resolved(path: str, columns: Collection[str]) -> Path | None:
    """The steps of a path whose first one is a column, or None where it leads to none."""
    if path in columns:
        return (path,)
    steps = _steps(path)
    return steps if steps and steps[0] in columns else None


def value_at(row: object, path: Path) -> object:
    """The value at the end of a path below a row; None where it breaks off."""
    found = row
    for step in path:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, (list, tuple)) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found


def _steps(path: str) -> Path | None:
    steps: list[Step] = []
    for part in path.split("."):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        steps.append(match[1])
        steps += [int(index) for index in _INDEX.findall(match[2])]
    return tuple(steps)

"""Telling a process from a later one that was given the same number."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psutil


def identity_of(pid: int) -> str | None:
    """What stays the same for as long as the process lives and differs from that of any other with its number.

    On Linux the boot and the tick at which it began, which no change of the clock moves. None when there is no such
    process, or only its remains are left (a zombie).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _by_clock(pid)
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


def is_same(pid: int, identity: str) -> bool:
    """Whether the process that had this number still has it."""
    return bool(identity) and identity_of(pid) == identity


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _by_clock(pid: int) -> str | None:
    """Where there is no /proc."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None

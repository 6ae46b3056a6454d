"""The account that PostgreSQL runs as. It refuses to run as root, so root gives it one of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from sycee_cli.suite.errors import SuiteError

ACCOUNT = "sycee-postgres"


def postgres_account() -> tuple[int, int] | None:
    """User and group for PostgreSQL; None where it runs as the caller. Raises SuiteError when none can be made."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _add_account()
        entry = pwd.getpwnam(ACCOUNT)
    return entry.pw_uid, entry.pw_gid


def grant(folder: Path, account: tuple[int, int]) -> None:
    """Gives the account its folder, and the way to it."""
    os.chown(folder, *account)
    folder.chmod(0o700)
    open_way(folder)


def open_way(path: Path) -> None:
    """Lets others pass through (not look into) the folders above `path`, where they could not."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def open_programs(folder: Path) -> None:
    """Lets others read and run what was installed below `folder`, where a strict umask kept them out."""
    open_way(folder)
    if folder.stat().st_mode & stat.S_IROTH and (folder / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (folder.parent, *folder.parent.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _add_account() -> None:
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    arguments = ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", ACCOUNT]
    made = subprocess.run([program, *arguments], capture_output=True, check=False) if program else None
    if made is None or made.returncode != 0:
        raise SuiteError(
            f"PostgreSQL does not run as root, and the account {ACCOUNT} could not be made for it:"
            " run `sycee up` as an ordinary user"
        )

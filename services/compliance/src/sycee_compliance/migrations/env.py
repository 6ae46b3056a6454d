"""Alembic's entry: the service library runs the revisions."""

from sycee_service.migrations import run_env

run_env()

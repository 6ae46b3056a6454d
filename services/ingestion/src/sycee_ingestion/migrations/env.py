"""Run by the service library with the database at hand."""

from sycee_service.migrations import run_env

run_env()

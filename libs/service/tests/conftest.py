"""Compiles the contract of the notes service, which the tests drive, and gives the real engines."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from sycee_service.testing import nats_server, nats_url, postgres_server, postgres_url  # noqa: F401 - fixtures

HERE = Path(__file__).parent


def _compile() -> tempfile.TemporaryDirectory[str]:
    """Generates notes_pb2 into a temporary folder; buf/validate comes out of the contracts' generated code."""
    from buf.validate import validate_pb2  # noqa: PLC0415 - only here

    out = tempfile.TemporaryDirectory(prefix="sycee-notes-")
    known = descriptor_pb2.FileDescriptorSet()

    def add(file: Any) -> None:
        for needed in file.dependencies:
            add(needed)
        if file.name not in {other.name for other in known.file}:
            file.CopyToProto(known.file.add())

    add(validate_pb2.DESCRIPTOR)
    image = Path(out.name) / "known.binpb"
    image.write_bytes(known.SerializeToString())
    where = [f"--descriptor_set_in={image}", f"-I{HERE / 'sycee_notes'}"]
    target = [f"--python_out={out.name}", f"--grpc_python_out={out.name}"]
    assert protoc.main(["protoc", *where, *target, "notes.proto"]) == 0
    return out


GENERATED = _compile()
sys.path[:0] = [GENERATED.name, str(HERE)]


@pytest.fixture
def python_path() -> str:
    """PYTHONPATH for a notes service in a process of its own."""
    return os.pathsep.join((GENERATED.name, str(HERE)))


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keeps the tests from reading variables of the shell they run in."""
    for name in list(os.environ):
        if name.startswith("SYCEE_"):
            monkeypatch.delenv(name)
    return

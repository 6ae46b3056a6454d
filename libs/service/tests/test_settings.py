"""Settings out of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from sycee_notes.server import Settings


def test_reads_its_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYCEE_NOTES_LISTEN", "0.0.0.0:7001")
    monkeypatch.setenv("SYCEE_NOTES_DATABASE_URL", "postgresql://somebody:secret@db/notes")
    monkeypatch.setenv("SYCEE_OTHER_LOG_LEVEL", "DEBUG")
    settings = Settings()
    assert (settings.listen, settings.log_level, settings.service) == ("0.0.0.0:7001", "INFO", "notes")
    assert "secret" not in repr(settings)


def test_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().listen = "127.0.0.1:1"


@pytest.mark.parametrize("address", ["7001", ":7001", "localhost:", "localhost:70000", "localhost:-1"])
def test_refuses_addresses_without_host_and_port(address: str) -> None:
    with pytest.raises(ValidationError, match="host:port"):
        Settings(listen=address)


def test_plaintext_stays_on_the_machine() -> None:
    with pytest.raises(ValidationError, match="loopback"):
        Settings(allow_plaintext=True, listen="0.0.0.0:7001")


def test_certificates_come_together(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="come together"):
        Settings(tls_cert=tmp_path / "cert.pem")


def test_errors_do_not_show_what_was_given() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(database_pool_size="hunter2")
    assert "hunter2" not in str(caught.value)

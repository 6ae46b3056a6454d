"""What keeps the server from starting."""

from __future__ import annotations

import pytest
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_service.host import StartRefusedError
from sycee_service.testing import running


@pytest.mark.parametrize("content", [None, b"", b"too short"])
async def test_without_a_data_key_it_does_not_start(settings: Settings, content: bytes | None) -> None:
    settings.data_key_file.unlink()
    if content is not None:
        settings.data_key_file.write_bytes(content)
    with pytest.raises(StartRefusedError, match="data key"):
        async with running(settings, build):
            pass

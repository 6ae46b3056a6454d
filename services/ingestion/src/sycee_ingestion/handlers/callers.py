"""Who may call."""

from __future__ import annotations

from typing import Any

import grpc

OPERATOR, GATEWAY = "operator", "gateway"
READ, WRITE, PRIVACY = "ingestion.read", "ingestion.write", "ingestion.privacy"

OPERATOR_ONLY = frozenset({OPERATOR})

Context = grpc.aio.ServicerContext[Any, Any]

"""Deadlines and retries stand on what the contracts say."""

from __future__ import annotations

import json

from sycee_client import policies
from sycee_client.client import _SERVICES

METHODS = {policies.rpc_name(method): method for _, service in _SERVICES.values() for method in service.methods}


def test_every_deadline_is_of_an_rpc_that_there_is():
    assert policies.DEADLINES_MS.keys() <= METHODS.keys()


def test_what_is_tried_again_is_harmless_or_carries_a_request_id():
    retried = {name for name, method in METHODS.items() if policies.may_retry(method)}
    assert "sycee.limits.v1.LimitsService/Reserve" in retried
    assert "sycee.limits.v1.LimitsService/ListEntries" in retried
    assert "sycee.decision.v1.DecisionService/Decide" in retried
    assert "sycee.ingestion.v1.IngestionService/PublishEvents" not in retried
    assert "sycee.ingestion.v1.IngestionService/WatchImport" not in retried


def test_every_unary_rpc_has_a_deadline_and_no_stream_has():
    for method in METHODS.values():
        assert (policies.deadline_s(method) is None) == policies.is_stream(method)


def test_the_service_config_lists_what_may_be_tried_again():
    config = json.loads(policies.service_config([_SERVICES["limits"][1]]))
    named = {f"{name['service']}/{name['method']}" for name in config["methodConfig"][0]["name"]}
    assert named == {name for name, method in METHODS.items() if ".limits." in name and policies.may_retry(method)}
    assert config["methodConfig"][0]["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]

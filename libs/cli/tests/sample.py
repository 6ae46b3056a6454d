"""A tiny process of a suite: answers GET with 200 on a port, and behaves as its second argument says.

    python sample.py PORT [quick | stubborn | crashing | asleep] [FILE]

It appends its name's events ("up", "down") to FILE, so that a test can read the order of things.
"""

import signal
import socket
import sys
import time
from pathlib import Path


def note(event: str) -> None:
    if len(sys.argv) > 4:
        with Path(sys.argv[4]).open("a") as file:
            file.write(f"{event} {sys.argv[3]}\n")


def leave(*_: object) -> None:
    note("down")
    sys.exit(0)


def main() -> None:
    port, manner = int(sys.argv[1]), sys.argv[2]
    signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "stubborn" else leave)
    if manner == "crashing":
        sys.exit("the configuration is wrong: no database_url")
    note("up")
    print("hello from the sample", flush=True)
    if manner == "asleep":
        time.sleep(600)
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


main()

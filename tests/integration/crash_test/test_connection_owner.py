"""Who owns a connection: the crash test interrupts the process that has sent a request."""

from __future__ import annotations

import socket
import subprocess
import sys

from tools.faults.connection_owner import owner_of

CONNECT = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sys.stdin.read()
"""


def test_the_process_at_the_other_end_is_found_while_it_runs() -> None:
    """Of several processes it is the one that has connected; when it has ended, it is none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-c", CONNECT, str(port)]
        with (
            subprocess.Popen(command, stdin=subprocess.PIPE) as other,
            subprocess.Popen(command, stdin=subprocess.PIPE) as asked,
        ):
            accepted = [listener.accept() for _ in range(2)]
            owners = {
                owner_of((address[1], port), (other.pid, asked.pid)) for _, address in accepted
            }
            assert owners == {other.pid, asked.pid}
            asked.kill()
            asked.wait()
            left = {owner_of((address[1], port), (other.pid, asked.pid)) for _, address in accepted}
            assert left == {other.pid, None}
            other.kill()
        for connection, _ in accepted:
            connection.close()


def test_only_the_processes_that_are_named_can_be_the_owner() -> None:
    """A connection of a process that is not among them has no owner."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            assert owner_of((connection.getsockname()[1], port), []) is None

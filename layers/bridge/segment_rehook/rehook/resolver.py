"""Name resolution with a time-out.

getaddrinfo has no time-out of its own, and a thread that waits in it can't be stopped. So it runs
in a thread that does nothing else. However many calls wait, one thread asks at a time, and all
calls get its answer. An answer is kept for a minute.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from segment_rehook.rehook.deadline import Clocks, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

Address = tuple[str, int]

# Seconds for which an answer is used.
NAME_KEPT = 60.0


def look_up(host: str, port: int) -> list[Address]:
    """Ask the system. Raises OSError (socket.gaierror), and UnicodeError for what is no name."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(info[4][0]), port) for info in infos]


class Resolver:
    """Gives the addresses of one host. Thread-safe. `ask`: who is asked for them."""

    def __init__(
        self,
        host: str,
        port: int,
        clocks: Clocks,
        ask: Callable[[str, int], list[Address]] = look_up,
    ) -> None:
        self._host, self._port = host, port
        self._clocks = clocks
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Future[list[Address]] | None = None
        self._age = Stopwatch(clocks)

    def addresses(self, timeout: float) -> list[Address]:
        """Give the addresses, or raise what asking raised. TimeoutError after `timeout` seconds."""
        if _is_address(self._host):
            return [(self._host, self._port)]
        return self._asked().result(timeout)

    def forget(self) -> None:
        """Drop the answer, since no address of it could be reached: the next call asks anew."""
        with self._lock:
            self._answer = None

    def _asked(self) -> Future[list[Address]]:
        with self._lock:
            answer = self._answer
            if answer is None or self._age.elapsed() > NAME_KEPT or _failed(answer):
                answer = self._answer = Future()
                self._age = Stopwatch(self._clocks)
                thread = threading.Thread(target=self._run, args=[answer], name="resolve")
                thread.daemon = True
                thread.start()
            return answer

    def _run(self, answer: Future[list[Address]]) -> None:
        try:
            answer.set_result(self._ask(self._host, self._port))
        except Exception as error:  # noqa: BLE001 — handed to the calls that wait for it
            answer.set_exception(error)


def _failed(answer: Future[list[Address]]) -> bool:
    return answer.done() and answer.exception() is not None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

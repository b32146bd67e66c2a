"""The fork server's process: it has imported what reads media, and forks one confined child for each request.

`python -m jobs.media.fork_server_process PARENT`, with a SEQPACKET socket as stdin. A message on it brings the
connection to whoever asks; the child talks on that, and when it has ended this process adds `{"ended": exit code}`
(negative: the signal). When the other end hangs up or will say no more, the child is killed.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from jobs.leash import die_with_parent
from jobs.media import sandbox_child

READERS = ("jobs.media.probe_child", "jobs.media.decode_child", "jobs.media.convert_child")
GONE = select.POLLRDHUP | select.POLLHUP


@dataclass
class Child:
    """A child that has not been waited for, the connection it talks on, and what shows that it has ended."""

    pid: int
    connection: socket.socket
    pidfd: int


class ForkServer:
    """Forks until `requests` comes to its end, one event at a time: a number may be another file's by the next."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._children: list[Child] = []
        self._events = select.poll()
        self._events.register(requests, select.POLLIN)

    def serve(self) -> None:
        while True:
            number, _ = self._events.poll()[0]
            if number == self._requests.fileno():
                if not self._accept():
                    break
            else:
                self._attend_to(number)
        for child in self._children:
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)

    def _accept(self) -> bool:
        """Fork for the next request; False when nobody is left who could ask."""
        message, numbers, _, _ = socket.recv_fds(self._requests, 16, 1, socket.MSG_CMSG_CLOEXEC)
        for number in numbers:
            connection = socket.socket(fileno=number)
            try:
                self._fork(connection)
            except OSError as exc:  # no process or file can be had: theirs to know, and the others go on
                _say(connection, sandbox_child.as_json(exc) | {"ended": 1})
                connection.close()
        return bool(message)

    def _fork(self, connection: socket.socket) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(connection, parent)
        try:
            child = Child(pid, connection, os.pidfd_open(pid))
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        self._children.append(child)
        self._events.register(connection, GONE)
        self._events.register(child.pidfd, select.POLLIN)

    def _become_child(self, connection: socket.socket, parent: int) -> NoReturn:
        exit_code = 1
        try:
            die_with_parent(parent)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.dup2(connection.fileno(), 0)  # in the place of the requests: nobody may ask in the server's name
            os.dup2(connection.fileno(), 1)
            connection.close()
            for other in self._children:  # or their ends would stay open for as long as this child lives
                other.connection.close()
                os.close(other.pidfd)
            sandbox_child.main()
            exit_code = 0
        except BaseException:  # noqa: BLE001 - nothing of a child may go on as the server
            traceback.print_exc()
        finally:
            os._exit(exit_code)

    def _attend_to(self, number: int) -> None:
        for child in self._children:
            if number == child.pidfd:
                self._bury(child)
                return
            if number == child.connection.fileno():  # whoever asked is gone, or wants no more of it
                self._events.unregister(number)
                os.kill(child.pid, signal.SIGKILL)
                return

    def _bury(self, child: Child) -> None:
        self._children.remove(child)
        self._events.unregister(child.pidfd)
        os.close(child.pidfd)
        with suppress(KeyError):  # unregistered when they hung up
            self._events.unregister(child.connection)
        _, status = os.waitpid(child.pid, 0)
        _say(child.connection, {"ended": os.waitstatus_to_exitcode(status)})
        child.connection.close()


def _say(connection: socket.socket, answer: dict[str, Any]) -> None:
    """Never waits: whoever does not read is frozen or gone. The child may have been cut off in the middle of a line."""
    with suppress(OSError):
        connection.send(f"\n{json.dumps(answer)}\n".encode(), socket.MSG_DONTWAIT)


def main(parent: int) -> None:
    """Serve until whoever started this process is gone. It blocked the signals that are sent to whole groups."""
    die_with_parent(parent)
    for reader in READERS:
        importlib.import_module(reader)
    with socket.socket(fileno=0) as requests:
        ForkServer(requests).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))

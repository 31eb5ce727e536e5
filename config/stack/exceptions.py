"""What can keep the stack from running; the docstring is the message."""

from pathlib import Path


class StackError(Exception):
    """The stack cannot run."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class RedisMissingError(StackError):
    """There is no Redis on this machine, and REDIS_URL names none elsewhere."""

    def __init__(self, install_command: str) -> None:
        super().__init__(
            "No redis-server was found. Install one with\n"
            f"    {install_command}\n"
            "or let REDIS_URL name one that runs elsewhere."
        )
        self.install_command = install_command


class StackRunningError(StackError):
    """One home carries one stack, and its stack is running."""

    def __init__(self, home: Path, detail: str) -> None:
        super().__init__(
            f"A stack is running in {home} already{detail}. "
            "Stop it with Ctrl-C in its terminal, or let CONTINUITY_HOME name another folder."
        )
        self.home = home


class SocketBusyError(StackError):
    """A Redis that this stack did not start answers on its socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"A Redis that this stack did not start answers on {path}. End it first, "
            "or let CONTINUITY_HOME name another folder."
        )
        self.path = path


class UnsafeFolderError(StackError):
    """Another user may write to the folder of the Redis socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} must be a folder of yours that nobody else can open, and it is not. "
            "Remove it, or let CONTINUITY_HOME name a folder with a shorter path."
        )
        self.path = path


class NoFreePortError(StackError):
    """No port is free from the wanted one upward."""

    def __init__(self, wanted: int) -> None:
        super().__init__(f"Port {wanted} and those after it cannot be used; choose another one.")
        self.wanted = wanted


class NotReadyError(StackError):
    """The stack did not become ready in time."""

    def __init__(self, timeout_s: float, last_answer: str) -> None:
        super().__init__(f"Not ready after {timeout_s:.0f} s: {last_answer}")
        self.last_answer = last_answer

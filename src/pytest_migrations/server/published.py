"""Containers of somebody else's that publish a server's port, and programs that run in them.

By the program ``docker``, which knows the user's engine and contexts, and whose children are given streams as any are.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.server.started import Parameters

_ENGINE_SECONDS = 20
#: What also holds inside. Certificates and addresses are those of this side.
_KEPT = ("user", "dbname", "password", "options")


@dataclass(frozen=True)
class Published:
    """A running container that publishes a port of its own on this machine."""

    id: str
    name: str
    #: What the port is inside.
    port: int

    def inside(self, login: Parameters) -> Parameters:
        """How a program in the container comes to where ``login`` leads from outside."""
        kept = {name: login[name] for name in _KEPT if name in login}
        return {"host": "127.0.0.1", "port": str(self.port), "connect_timeout": "10", **kept}

    def command(self, command: Sequence[str]) -> list[str]:
        """The command that runs a program inside; it gets PGPASSWORD from the environment of ours."""
        return ["docker", "exec", "-i", "-e", "PGPASSWORD", "-e", "LC_ALL=C", self.id, *command]


def publishing(port: int) -> list[Published]:
    """The containers that publish something as this port. Raises OSError, which says why, where no engine answers."""
    identities = _docker("ps", "--quiet", "--no-trunc", "--filter", f"publish={port}").split()
    if not identities:
        return []
    return [
        Published(container["Id"], container["Name"].lstrip("/"), int(inside.partition("/")[0]))
        for container in json.loads(_docker("inspect", *identities))
        for inside, outside in container["NetworkSettings"]["Ports"].items()
        if any(address["HostPort"] == str(port) for address in outside or ())
    ]


def _docker(*arguments: str) -> str:
    try:
        command = ["docker", *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_ENGINE_SECONDS, check=False)
    except FileNotFoundError:
        raise OSError("not installed") from None
    except subprocess.TimeoutExpired:
        raise OSError(f"no answer within {_ENGINE_SECONDS} s") from None
    if answer.returncode:
        raise OSError((answer.stderr.strip() or f"exit code {answer.returncode}").splitlines()[0])
    return answer.stdout

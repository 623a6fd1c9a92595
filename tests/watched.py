"""Commands run with every socket seen and an empty home folder.

The hook is Python's own (PEP 578), set in each process by a ``sitecustomize`` on the path, and so in the
workers too. It sees what Python does; sockets of compiled code it does not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_HOOK = """
import os, socket, sys

_AS_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_NOT_A_SOCKET = {"socket.gethostname", "socket.sethostname"}


def _note(line):
    with open(os.environ["SPOREMETRY_WATCHED"], "a", encoding="utf-8") as log:
        log.write(line + "\\n")


def _watch(event, args):
    if not event.startswith("socket.") or event in _NOT_A_SOCKET:
        return
    if event not in _AS_NAMES:
        # socket.__new__ has the family as an argument; what is done to a socket later, as its attribute.
        family = args[1] if event == "socket.__new__" else args[0].family
        if event == "socket.__new__" and family == -1:
            family = socket.AF_INET  # what Python takes where none is said
        if family == getattr(socket, "AF_UNIX", None):
            return  # between processes of this machine: how PyTorch's loading workers hand over tensors
    _note(f"{event} {args!r}")


_note(f"process {os.getpid()}")
sys.addaudithook(_watch)
"""
# openvino_telemetry is silent by itself where it believes to be on a build server.
_OF_BUILD_SERVERS = {"CI", "TF_BUILD", "JENKINS_URL"}


@dataclass(frozen=True)
class Watched:
    """What a command did.

    Attributes
    ----------
    result : CompletedProcess
    processes : int
        How many Python processes were watched.
    sockets : list of str
        What was asked of names and of sockets other than AF_UNIX.
    at_home : list of str
        What lies in the home folder, which was empty.
    temporary : list of str
        What is left in the folder for temporary files, which was empty.
    """

    result: subprocess.CompletedProcess[str]
    processes: int
    sockets: list[str]
    at_home: list[str]
    temporary: list[str]


def run_watched(
    arguments: list[str], folder: Path, *, program: tuple[str, ...] = ("-m", "sporemetry")
) -> Watched:
    """Run ``python -m sporemetry ARGUMENTS`` in ``folder`` and tell what it did beside its work."""
    watching = folder / "watching"
    home, log = watching / "home", watching / "log"
    home.mkdir(parents=True, exist_ok=True)
    # Not below the test's own folder: the name of a socket between processes has 107 letters at most.
    temporary = Path(tempfile.mkdtemp(prefix="watched-"))
    (watching / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    log.write_text("", encoding="utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_BUILD_SERVERS and not name.startswith(("XDG_", "MPL", "MATPLOTLIB"))
    }
    path = os.pathsep.join([str(watching), *filter(None, [os.environ.get("PYTHONPATH")])])
    set_here = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": path,
        "SPOREMETRY_WATCHED": str(log),
    }
    result = subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=folder,
        env=kept | set_here,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = log.read_text(encoding="utf-8").splitlines()
    left = _below(temporary)
    shutil.rmtree(temporary)
    return Watched(
        result=result,
        processes=sum(line.startswith("process ") for line in lines),
        sockets=[line for line in lines if not line.startswith("process ")],
        at_home=_below(home),
        temporary=left,
    )


def check_quiet(watched: Watched, code: int = 0) -> None:
    """Hold that the command ended well, opened no socket, and left nothing at home or among temporary files.

    PyTorch leaves an empty folder of its own among these.
    """
    assert watched.result.returncode == code, watched.result.stderr[-3000:]
    assert watched.processes >= 1, "the watch was not set"
    assert watched.sockets == []
    assert watched.at_home == []
    assert [name for name in watched.temporary if not name.startswith("torchinductor_")] == []


def _below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))

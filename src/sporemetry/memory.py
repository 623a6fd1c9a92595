"""How much memory there is, and what of an error says that it ran out."""

from __future__ import annotations

import errno
import os
import re
import sys
from pathlib import Path, PurePosixPath

REMEDY_MEMORY = (
    "Close other programs, use --workers 1, give the image in parts, or use a computer with more memory."
)
_OUT_OF_MEMORY = re.compile(
    r"bad_?alloc|insufficient memory|out of memory|outofmemory|cannot allocate memory|failed to allocate|"
    r"not enough memory|unable to allocate",
    re.IGNORECASE,
)
_LARGEST_FILE = 1 << 16
# A system that does not say what is free: half of what it has.
_SHARE = 0.5


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or what it was made of, says that memory ran out.

    NumPy raises MemoryError; OpenCV, OpenVINO and the system say it in words of their own.

    Examples
    --------
    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("std::bad_alloc"))
    (True, True)
    >>> is_out_of_memory(ValueError("a bad file"))
    False
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM):
            return True
        if _OUT_OF_MEMORY.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def available_memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return how many bytes can be used before the system runs out of them; None where nothing tells.

    On Linux the least of what the machine has free and what the containers around this process leave it
    (cgroups of both versions). On Windows what is free, elsewhere half of the machine's memory.

    Parameters
    ----------
    proc, cgroups : Path
        Where the system tells; for tests.
    """
    if sys.platform == "win32":
        return _free_on_windows()
    machine = _mem_available(proc / "meminfo")
    left = [*([] if machine is None else [machine]), *_left_by_cgroups(proc / "self" / "cgroup", cgroups)]
    if left:
        return max(0, min(left))
    try:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _SHARE)
    except (ValueError, OSError):
        return None


def shown_bytes(size: float) -> str:
    """Return a number of bytes for a person.

    >>> shown_bytes(7_400_000_000), shown_bytes(120_000_000)
    ('7.4 GB', '120 MB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _mem_available(path: Path) -> int | None:
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _text(path), re.MULTILINE)
    return None if found is None else int(found[1]) * 1024


def _left_by_cgroups(membership: Path, root: Path) -> list[int]:
    """Return what each group that this process is in, and each around it, leaves."""
    left: list[int] = []
    for line in _text(membership).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number == "0" and not controllers:
            base, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base = root / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        inside = PurePosixPath(group.lstrip("/"))
        # In a container the path may be that of the machine outside; its own files then lie at the root.
        for each in (inside, *inside.parents):
            folder = base / each
            limit, used = _number(folder / names[0]), _number(folder / names[1])
            if limit is not None and used is not None:
                cached = re.search(rf"^{names[2]} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
                left.append(limit - used + (0 if cached is None else int(cached[1])))
    return left


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None  # "max" is no limit


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return ""


def _free_on_windows() -> int | None:
    import ctypes

    class _Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("total", "free", "p_total", "p_free", "v_total", "v_free")
            ),
            ("extended", ctypes.c_ulonglong),
        )

    status = _Status()
    status.length = ctypes.sizeof(_Status)
    library = getattr(ctypes, "windll", None)
    if library is None or not library.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.free)

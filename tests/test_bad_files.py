"""Every bad file ends in its one error, quickly, with a message that helps, and silently."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from tests.bad_files import bad_files

from sporemetry.errors import ImageReadError
from sporemetry.image import read_image, read_plane


def test_there_are_enough() -> None:
    assert len(bad_files()) >= 60


@pytest.mark.parametrize("name", sorted(bad_files()))
def test_it_ends_in_its_error(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content, expected = bad_files()[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImageReadError) as caught:
        read_image(path)
    assert type(caught.value) is expected, caught.value
    assert "an unexpected" not in caught.value.found
    assert caught.value.path == path
    assert caught.value.expected
    assert caught.value.found
    assert caught.value.remedy
    assert capfd.readouterr() == ("", "")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="no such file"):
        read_image(tmp_path / "absent.png")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="a folder"):
        read_plane(tmp_path)


def test_a_name_that_no_system_has() -> None:
    with pytest.raises(ImageReadError):
        read_image("a\x00b.png")
    with pytest.raises(ImageReadError):
        read_image("a" * 5_000 + ".png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageReadError, match="a pipe"):
        read_image(tmp_path / "pipe.png")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_and_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to("/dev/zero")
    for path in (Path("/dev/zero"), tmp_path / "link.png"):
        with pytest.raises(ImageReadError, match="a device"):
            read_image(path)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no sockets in folders")
def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.png")
        with pytest.raises(ImageReadError, match="a socket"):
            read_image(tmp_path / "socket.png")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="this system has no rights of files")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "locked.png"
    path.write_bytes(b"x")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything: be somebody else while reading
        os.seteuid(65_534)
    try:
        with pytest.raises(ImageReadError, match="permission denied"):
            read_image(path)
    finally:
        os.seteuid(user)


def test_other_files_that_a_description_names_are_never_opened(tmp_path: Path) -> None:
    opened: list[object] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and not isinstance(arguments[0], int):  # a handle was opened before
            opened.append(arguments[0])

    for name in ("ome_planes_elsewhere.ome.tif", "ome_path_upwards.ome.tif", "ome_outside_entity.ome.tif"):
        (tmp_path / name).write_bytes(bad_files()[name][0])
    (tmp_path / "a.ome.tif").write_bytes(bad_files()["stack.tif"][0])
    sys.addaudithook(watch)  # it stays for the life of the process, and does nothing after this test
    for name in ("ome_planes_elsewhere.ome.tif", "ome_path_upwards.ome.tif", "ome_outside_entity.ome.tif"):
        with pytest.raises(ImageReadError):
            read_image(tmp_path / name)
        assert opened == [str(tmp_path / name)] or opened == [tmp_path / name]
        opened.clear()
    watching = False

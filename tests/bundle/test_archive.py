"""The archive: the same bytes for the same files, and nothing in it that a bundle does not hold."""

import io
import os
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from mltool import archives
from mltool.bundle import archive
from mltool.errors import RefusedError, UserError

TOP = "delay-1.0.0"


def folder_with(place: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def tar_with(place: Path, *members: tuple[tarfile.TarInfo, bytes], layout: int = tarfile.USTAR_FORMAT) -> Path:
    with tarfile.open(place, "w", format=layout) as made:
        for info, content in members:
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return place


def member(name: str, kind: bytes = tarfile.REGTYPE, **rest: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in rest.items():
        setattr(info, key, value)
    return info


def test_the_same_files_make_the_same_archive_whenever_and_with_whatever_umask(tmp_path: Path) -> None:
    made = []
    for number, mask in enumerate((0o022, 0o077)):
        before = os.umask(mask)
        try:
            names = ["b", "a/c", "a b.txt"] if number else ["a b.txt", "b", "a/c"]
            folder = folder_with(tmp_path / str(number), {name: name.encode() * 400 for name in names})
        finally:
            os.umask(before)
        for path in folder.rglob("*"):
            os.utime(path, (number * 10**9, number * 10**9))
        archives.write(tmp_path / f"{number}.tar", folder, top=TOP)
        made.append((tmp_path / f"{number}.tar").read_bytes())

    assert made[0] == made[1]
    with tarfile.open(fileobj=io.BytesIO(made[0])) as read:
        assert [(m.name, m.mode, m.mtime, m.uid, m.uname) for m in read] == [
            (f"{TOP}/{name}", 0o644, 0, 0, "") for name in ("a b.txt", "a/c", "b")
        ]


def test_an_archive_comes_out_as_it_went_in_long_and_odd_names_too(tmp_path: Path) -> None:
    files = {"empty": b"", "model/" + "m" * 120 + ".skops": os.urandom(3_000_000), "Größe.txt": b"x" * 512}
    archives.write(tmp_path / "made.tar", folder_with(tmp_path / "in", files), top=TOP)

    found = archives.unpack(tmp_path / "made.tar", tmp_path / "out")

    assert {path: (tmp_path / "out" / path).read_bytes() for path in found.contents} == files
    assert found.top == TOP
    assert found.contents == archives.survey(tmp_path / "in").contents


def test_a_file_larger_than_memory_is_never_read_whole(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with (folder / "model.bin").open("wb") as file:
        file.truncate(200 * 2**20)
    tracemalloc.start()
    try:
        archives.write(tmp_path / "made.tar", folder, top=TOP)
        archives.unpack(tmp_path / "made.tar", tmp_path / "out")
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: [(member("../evil"), b"x")], "leads out"),
        (lambda: [(member(f"{TOP}/../../evil"), b"x")], "leads out"),
        (lambda: [(member("/etc/evil"), b"x")], "absolute"),
        (lambda: [(member(f"{TOP}/a"), b"x"), (member("other/b"), b"x")], "not in its folder"),
        (lambda: [(member(f"{TOP}/link", tarfile.SYMTYPE, linkname="/etc/passwd"), b"")], "symbolic link"),
        (lambda: [(member(f"{TOP}/link", tarfile.LNKTYPE, linkname="/etc/passwd"), b"")], "hard link"),
        (lambda: [(member(f"{TOP}/sda", tarfile.BLKTYPE), b"")], "device"),
        (lambda: [(member(f"{TOP}/pipe", tarfile.FIFOTYPE), b"")], "pipe"),
        (lambda: [(member(f"{TOP}/holes", tarfile.GNUTYPE_SPARSE), b"")], "holes"),
        (lambda: [(member(f"{TOP}/a"), b"x"), (member(f"{TOP}/a"), b"y")], "twice"),
        (lambda: [(member(f"{TOP}/card.md"), b"x"), (member(f"{TOP}/CARD.md"), b"y")], "twice"),
        (lambda: [(member(f"{TOP}/a\\b"), b"x")], "letter"),
        (lambda: [(member(f"{TOP}//a"), b"x")], "shortest"),
        (lambda: [(member(f"{TOP}/{n}"), b"") for n in range(archive.MOST_FILES + 1)], "more than"),
    ],
)
def test_what_no_bundle_holds_is_refused_by_name_and_nothing_is_written_outside(
    make: Callable[[], list[tuple[tarfile.TarInfo, bytes]]], reason: str, tmp_path: Path
) -> None:
    hostile = tar_with(tmp_path / "hostile.tar", *make())
    (tmp_path / "deep").mkdir()
    with pytest.raises(RefusedError, match=reason):
        archives.unpack(hostile, tmp_path / "deep" / "out")
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "deep" / "out")}
    assert outside == {hostile, tmp_path / "deep"}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"size": "-1"}, "sets 'size'"),
        ({"GNU.sparse.major": "1"}, "GNU.sparse"),
        ({"path": "../evil"}, "leads out"),
        ({"comment": "x" * 70_000}, "extended header has"),
    ],
)
def test_extended_headers_cannot_say_more_than_a_path_and_a_size(
    headers: dict[str, str], reason: str, tmp_path: Path
) -> None:
    info = member(f"{TOP}/a")
    info.pax_headers = headers
    hostile = tar_with(tmp_path / "hostile.tar", (info, b"x"), layout=tarfile.PAX_FORMAT)
    with pytest.raises(RefusedError, match=reason):
        archives.unpack(hostile, tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cut off"),
        (b"not a tar at all" * 100, "no tar|not a tar"),
        (archive.header(f"{TOP}/a", 600) + bytes(512), "cut off"),
        (archive.header(f"{TOP}/a", 0), "cut off"),
        (b"\x1f\x8b" + bytes(1022), "not a tar"),
    ],
)
def test_what_is_no_archive_or_half_of_one_is_said_to_be_none(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "it.tar").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        archives.unpack(tmp_path / "it.tar", tmp_path / "out")


def test_nothing_hides_behind_the_end_of_an_archive(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "in", {"a": b"x"})
    archives.write(tmp_path / "made.tar", folder, top=TOP)
    with (tmp_path / "made.tar").open("ab") as file:
        file.write(b"more")
    with pytest.raises(RefusedError, match="goes on after its end"):
        archives.unpack(tmp_path / "made.tar", tmp_path / "out")


def test_an_archive_that_others_padded_is_read(tmp_path: Path) -> None:
    padded = tar_with(tmp_path / "padded.tar", (member(TOP, tarfile.DIRTYPE), b""), (member(f"{TOP}/a"), b"x"))
    assert padded.stat().st_size == 10240
    assert list(archives.unpack(padded, tmp_path / "out").contents) == ["a"]


def test_a_folder_with_a_link_in_it_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "in", {"a": b"x"})
    (folder / "b").symlink_to("/etc/passwd")
    with pytest.raises(RefusedError, match="link"):
        archives.survey(folder)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="No space left"),
        archives.beside(tmp_path / "made.tar"),
        Path("/dev/full").open("wb") as full,
    ):
        full.write(b"x" * 10**6)
    assert list(tmp_path.iterdir()) == []

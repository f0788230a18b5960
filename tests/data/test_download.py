import dataclasses
import hashlib
import io
import os
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from narrows.data import CATALOGUE, download
from narrows.data.official import Archive, File
from narrows.data.unpack import unpack

FILE = File("MNIST/raw/train.gz", hashlib.md5(b"the digits").hexdigest())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the suite's output stays readable."""


class BreaksOff(Quiet):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"the dig")


@contextmanager
def serving(handler: Callable[..., Quiet]) -> Iterator[str]:
    """The address of a server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def local_and_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # The package's attribute of this name is the function, hence the table of modules.
    monkeypatch.setattr(sys.modules["narrows.data.download"], "PAUSE_SECONDS", 0.0)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """The address of a server of tmp_path/mirror."""
    (tmp_path / "mirror").mkdir()
    with serving(partial(Quiet, directory=str(tmp_path / "mirror"))) as address:
        yield address


def offer(monkeypatch: pytest.MonkeyPatch, *files: File, archive: Archive | None = None) -> None:
    entry = dataclasses.replace(CATALOGUE["mnist"], files=files, archive=archive)
    monkeypatch.setitem(CATALOGUE, "mnist", entry)


def everything_in(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def tar_of(members: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in others:
            archive.addfile(member)
    return buffer.getvalue()


def test_a_file_comes_from_the_first_mirror_that_gives_it(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror/wrong").write_bytes(b"an error page")
    (tmp_path / "mirror/right").write_bytes(b"the digits")
    mirrors = (f"{mirror}absent", "http://127.0.0.1:9/refused", f"{mirror}wrong", f"{mirror}right")
    offer(monkeypatch, dataclasses.replace(FILE, mirrors=mirrors))
    told: list[tuple[str, int, int]] = []
    root = download("mnist", tmp_path / "root", lambda label, done, total: told.append((label, done, total)))
    assert (root / FILE.path).read_bytes() == b"the digits"
    assert everything_in(root) == [FILE.path]
    assert told[-1] == ("train.gz", 10, 10)


def test_when_every_mirror_fails_the_sentence_says_how_and_nothing_is_left(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror/wrong").write_bytes(b"an error page")
    offer(monkeypatch, dataclasses.replace(FILE, mirrors=(f"{mirror}absent", f"{mirror}wrong")))
    with pytest.raises(ConnectionError) as caught:
        download("mnist", tmp_path / "root")
    sentence = str(caught.value)
    found = hashlib.md5(b"an error page").hexdigest()
    for part in (FILE.md5, f"{mirror}absent (404", f"{mirror}wrong (md5 {found})", str(tmp_path / "root" / FILE.path)):
        assert part in sentence
    assert everything_in(tmp_path / "root") == []


def test_a_mirror_that_breaks_off_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(BreaksOff) as address:
        offer(monkeypatch, dataclasses.replace(FILE, mirrors=(address,)))
        with pytest.raises(ConnectionError, match=f"md5 {FILE.md5} from a mirror, found none"):
            download("mnist", tmp_path / "root")
    assert everything_in(tmp_path / "root") == []


def test_what_stands_there_rightly_is_not_fetched_and_what_is_damaged_is_replaced(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "root" / FILE.path
    place.parent.mkdir(parents=True)
    place.write_bytes(b"the digits")
    offer(monkeypatch, dataclasses.replace(FILE, mirrors=(f"{mirror}absent",)))
    download("mnist", tmp_path / "root")
    place.write_bytes(b"the dig")
    (tmp_path / "mirror/right").write_bytes(b"the digits")
    offer(monkeypatch, dataclasses.replace(FILE, mirrors=(f"{mirror}right",)))
    download("mnist", tmp_path / "root")
    assert place.read_bytes() == b"the digits"


BATCH = b"a batch"
CONTENT = {"./cifar/batch": BATCH, "cifar/readme.html": b"<p>", "other/file": b"not wanted"}


def archive_at(content: bytes, *mirrors: str) -> Archive:
    files = (File("cifar/batch", hashlib.md5(BATCH).hexdigest()),)
    return Archive("cifar.tar.gz", hashlib.md5(content).hexdigest(), mirrors, ("cifar/",), files)


def test_an_archive_is_unpacked_and_only_what_is_wanted_stays(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tar_of(CONTENT)
    (tmp_path / "mirror/cifar.tar.gz").write_bytes(packed)
    offer(monkeypatch, archive=archive_at(packed, f"{mirror}cifar.tar.gz"))
    download("mnist", tmp_path / "root")
    assert everything_in(tmp_path / "root") == ["cifar/batch", "cifar/readme.html"]
    assert (tmp_path / "root/cifar/batch").read_bytes() == BATCH
    (tmp_path / "mirror/cifar.tar.gz").unlink()
    download("mnist", tmp_path / "root")  # all there: the mirror is not asked


def test_an_archive_put_there_by_hand_is_unpacked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tar_of(CONTENT)
    (tmp_path / "cifar.tar.gz").write_bytes(packed)
    offer(monkeypatch, archive=archive_at(packed))
    download("mnist", tmp_path)
    assert everything_in(tmp_path) == ["cifar.tar.gz", "cifar/batch", "cifar/readme.html"]


def link(name: str, kind: bytes, target: str = "/etc/passwd") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    ("members", "others", "message"),
    [
        ({"cifar/../../escaped": b"x"}, (), "a name that leads out of the archive"),
        ({"/cifar/escaped": b"x"}, (), "a name that leads out of the archive"),
        ({}, (link("cifar/link", tarfile.SYMTYPE),), r"a link or device \('cifar/link'\)"),
        ({}, (link("cifar/link", tarfile.LNKTYPE),), "a link or device"),
        ({}, (link("cifar/device", tarfile.CHRTYPE),), "a link or device"),
        ({}, (link("cifar/pipe", tarfile.FIFOTYPE),), "a link or device"),
    ],
)
def test_an_archive_that_reaches_out_is_refused(
    tmp_path: Path, members: dict[str, bytes], others: tuple[tarfile.TarInfo, ...], message: str
) -> None:
    (tmp_path / "cifar.tar.gz").write_bytes(tar_of(members, *others))
    (tmp_path / "target").mkdir()
    with pytest.raises(ValueError, match=message):
        unpack(tmp_path / "cifar.tar.gz", tmp_path / "target", ("cifar/",), lambda *_: None)
    assert everything_in(tmp_path) == ["cifar.tar.gz"]


def test_a_refused_archive_leaves_nothing_below_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tar_of({"cifar/batch": BATCH}, link("cifar/link", tarfile.SYMTYPE))
    (tmp_path / "cifar.tar.gz").write_bytes(packed)
    offer(monkeypatch, archive=archive_at(packed))
    with pytest.raises(ValueError, match=r"expected plain files inside cifar\.tar\.gz"):
        download("mnist", tmp_path)
    assert everything_in(tmp_path) == ["cifar.tar.gz"]


def test_what_a_killed_download_left_goes_in_time(tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tar_of(CONTENT)
    (tmp_path / "mirror/cifar.tar.gz").write_bytes(packed)
    offer(monkeypatch, archive=archive_at(packed, f"{mirror}cifar.tar.gz"))
    root = tmp_path / "root"
    for name, age in (("abcdefgh", 2 * 24 * 3600), ("ijklmnop", 0)):
        files = root / f".cifar.tar.gz.{name}", root / f".unpacking-{name}/cifar/batch", root / f".other.{name}"
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"half")
        for path in root.glob(f".*{name}"):
            os.utime(path, (path.stat().st_atime - age, path.stat().st_mtime - age))
    download("mnist", root)
    left = {path.name for path in root.glob(".*")}  # another process may be writing the new ones
    assert left == {".cifar.tar.gz.ijklmnop", ".unpacking-ijklmnop", ".other.abcdefgh", ".other.ijklmnop"}


def test_embedded_digits_have_nothing_to_fetch_and_unknown_names_are_refused(tmp_path: Path) -> None:
    assert download("digits", tmp_path) == tmp_path
    with pytest.raises(ValueError, match=r"found 'mnits'; did you mean 'mnist'\?"):
        download("mnits", tmp_path)

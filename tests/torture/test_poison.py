"""Files that would run code, leave their folder, fill the memory or rule a terminal are refused or made harmless."""

import io
import json
import os
import pickle
import re
import socket
import struct
import tarfile
import unicodedata
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from narrows.apply.codes import read_codes
from narrows.cli import main
from narrows.cli.show import printable
from narrows.data import list_pictures, read_array, read_folder, survey
from narrows.data.cifar import read_cifar
from narrows.data.idx import read_idx
from narrows.data.parquet import parquet_package, read_parquet
from narrows.data.picture import read_mask
from narrows.data.unpack import unpack
from narrows.experiments.folder import check_folder
from narrows.models import Dense, ResNet18
from narrows.models.resnet import ResNetEncoder, load_encoder
from narrows.results import open_run
from narrows.sweeps.folder import read_description
from narrows.training import StateFile, load_model, save_model

from ..cli.test_verbs import said
from ..data.layouts import write_gzip, write_picture
from ..report.test_page import Page


class Poison:
    """A pickle of this runs a command when a careless reader loads it."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.witness),)


def model_in(path: Path) -> object:
    """The model in a file's folder, of which the file is one half."""
    whole = path.parent / "whole"
    save_model(whole, Dense((), 2).build((1, 4, 4)), {})
    for other in whole.iterdir():
        if other.name != path.name:
            other.replace(path.parent / other.name)
    return load_model(path.parent)


def run_in(path: Path) -> object:
    """Everything of the run in a file's folder."""
    if path.name != "experiment.json":
        (path.parent / "experiment.json").write_text("{}")
    run = open_run(path.parent)
    return run.experiment, run.environment, run.results, run.history, run.reported, run.findings


def arrays_of_run(path: Path) -> object:
    """The arrays of a run of which the file is an evaluation's."""
    (path.parent / "experiment.json").write_text("{}")
    place = path.parent / "arrays" / "a-0" / path.name
    place.parent.mkdir(parents=True)
    path.replace(place)
    return open_run(path.parent).arrays("a", 0, path.stem)


READERS: dict[str, Callable[[Path], object]] = {
    "model.json": model_in,
    "model.safetensors": model_in,
    "state.safetensors": lambda path: StateFile(path).load(),
    "resnet18.pth": lambda path: load_encoder(ResNetEncoder(), path),
    "resnet18.safetensors": lambda path: load_encoder(ResNetEncoder(), path),
    "pictures.npy": read_array,
    "pictures.npz": read_array,
    "pictures.parquet": read_parquet,
    "codes.npz": read_codes,
    "codes.parquet": read_codes,
    "data_batch_1": lambda path: read_cifar([path]),
    "train-images-idx3-ubyte": lambda path: read_idx(path, 3),
    "train-images-idx3-ubyte.gz": lambda path: read_idx(path, 3),
    "picture.png": lambda path: read_folder(path.parent, cache=path.parent / "cache"),
    "mask.png": read_mask,
    "experiment.json": run_in,
    "environment.json": run_in,
    "findings.json": run_in,
    "results.csv": run_in,
    "history.csv": run_in,
    "reported.csv": run_in,
    "reconstruction.npz": arrays_of_run,
    "sweep.json": lambda path: read_description(path.parent),
}
"""Every file that is read, by a name under which it is accepted."""


@pytest.mark.parametrize("name", READERS)
def test_a_pickle_under_any_name_is_refused_and_runs_nothing(name: str, tmp_path: Path) -> None:
    witness, content = tmp_path / "witness", pickle.dumps(Poison(tmp_path / "witness"))
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / name
    if name.endswith(".gz"):
        write_gzip(path, content)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"expected|, line 1: "):
        READERS[name](path)
    assert not witness.exists()
    pickle.loads(content)  # the poison works where a reader is careless
    assert witness.is_dir()


@pytest.mark.parametrize("name", ["pictures.npy", "pictures.npz", "codes.npz", "reconstruction.npz"])
def test_an_array_of_objects_is_refused_and_runs_nothing(name: str, tmp_path: Path) -> None:
    objects = np.array([Poison(tmp_path / "witness")], dtype=object)
    path = tmp_path / "in" / name
    path.parent.mkdir()
    if name.endswith(".npz"):
        np.savez(path, codes=objects)
    else:
        np.save(path, objects, allow_pickle=True)
    with pytest.raises(ValueError, match=r"expected .*(Object arrays cannot be loaded|Python objects in dtype)"):
        READERS[name](path)
    assert not (tmp_path / "witness").exists()


@pytest.mark.parametrize("name", [name for name in READERS if name.endswith(".json")])
def test_json_nested_10_000_deep_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text('{"a":' * 10_000 + "1" + "}" * 10_000)
    with pytest.raises(ValueError, match=r"expected .*found"):
        READERS[name](tmp_path / name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "expected an object in"),
        ('{"arms": 5}', "expected arms in .* to be of type list, found 5"),
        ('{"arms": [{"name": ["a"]}]}', "expected an arm's name in"),
        ('{"arms": [{"name": "a", "seeds": ["0"]}]}', "expected a seed in"),
        ('{"data": {"n": 3}}', "expected n in .* to be of type dict"),
    ],
)
def test_a_description_of_another_shape_is_refused(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text(content)
    with pytest.raises(ValueError, match=said):
        run_in(tmp_path / "experiment.json")


@pytest.mark.parametrize(
    "changed",
    [
        {"code_size": 10**9},
        {"widths": [10**9]},
        {"decoder_widths": [900] * 3},
        {"code_size": 10**400},
        {"code_size": 2.5},
        {"bottleneck": None},
        {"bottleneck": {"type": "Dense", "widths": [], "code_size": 1}},
    ],
)
def test_a_description_that_asks_for_too_much_memory_is_refused_before_it_takes_any(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    save_model(tmp_path, Dense((), 2).build((1, 4, 4)), {})
    content = json.loads((tmp_path / "model.json").read_text())
    content["architecture"] |= changed
    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="expected a trained model in"):
        load_model(tmp_path)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def huge_png(side: int) -> bytes:
    """A picture of a few hundred bytes that says it is side x side pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def small_png(side: int) -> bytes:
    """A black picture."""
    whole = io.BytesIO()
    Image.new("L", (side, side)).save(whole, "PNG")
    return whole.getvalue()


def huge_bmp(side: int) -> bytes:
    whole = io.BytesIO()
    Image.new("RGB", (4, 4)).save(whole, "BMP")
    content = bytearray(whole.getvalue())
    content[18:26] = struct.pack("<ii", side, side)
    return bytes(content)


def test_pictures_that_claim_60_000_pixels_a_side_are_named_and_left_out(tmp_path: Path) -> None:
    write_picture(tmp_path / "photos" / "a.png", 4, 4)
    (tmp_path / "photos" / "huge.png").write_bytes(huge_png(60_000))
    (tmp_path / "photos" / "huge.bmp").write_bytes(huge_bmp(60_000))
    found = read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    assert found.files == ("a.png",)
    assert [name for name, _ in found.unreadable] == ["huge.bmp", "huge.png"]
    assert all("3600000000 pixels" in reason for _, reason in found.unreadable)
    assert survey(tmp_path / "photos") == [(4, 4)]
    with pytest.raises(ValueError, match="expected a picture as mask in"):
        read_mask(tmp_path / "photos" / "huge.png")


@pytest.mark.parametrize("name", ["pictures.npz", "codes.npz", "reconstruction.npz", "train-images-idx3-ubyte.gz"])
def test_what_unpacks_to_a_thousand_times_its_size_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("narrows.files", "narrows.data.idx"):
        monkeypatch.setattr(f"{module}.BOMB_BYTES", 10**6)
    zeros, path = np.zeros((3000, 1, 1000), dtype=np.uint8), tmp_path / name
    if name.endswith(".gz"):
        write_gzip(path, bytes((0, 0, 8, 3)) + struct.pack(">3I", *zeros.shape) + zeros.tobytes())
    else:
        np.savez_compressed(path, codes=zeros)
    with pytest.raises(ValueError, match="which is likely made to fill the memory"):
        READERS[name](path)


@pytest.mark.parametrize(
    ("name", "columns", "dictionary"),
    [
        ("pictures.parquet", {"image": [bytes(3 * 10**6)]}, False),
        ("pictures.parquet", {"image": [bytes(3000)] * 1000}, True),
        ("pictures.parquet", {"image": [small_png(100)] * 1000}, True),
        ("codes.parquet", {"file": ["a"] * 100, "code": [[0.0] * 10_000] * 100}, False),
        ("codes.parquet", {"file": ["a"] * 100, "code": [[0.0] * 10_000] * 100}, True),
    ],
    ids=["bytes", "the same bytes often", "the same picture often", "codes", "the same number often"],
)
def test_a_parquet_file_that_unpacks_to_a_thousand_times_its_size_is_refused(
    name: str, columns: dict[str, list[Any]], dictionary: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrow = pytest.importorskip("pyarrow")
    monkeypatch.setattr("narrows.files.BOMB_BYTES", 10**6)
    table = arrow.table(columns)
    parquet_package().write_table(table, tmp_path / name, use_dictionary=dictionary, compression="zstd")
    with pytest.raises(ValueError, match="which is likely made to fill the memory"):
        READERS[name](tmp_path / name)


@pytest.mark.parametrize("name", ["pictures.parquet", "codes.parquet"])
def test_a_parquet_file_with_any_byte_changed_is_read_or_refused(name: str, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    columns = {"image": [small_png(3), small_png(4)], "file": ["a", "b"], "code": [[0.5, 1.0], [1.5, 2.0]]}
    parquet_package().write_table(arrow.table(columns), tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for place in range(0, len(whole), 3):
        (tmp_path / name).write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with suppress(ValueError):
            READERS[name](tmp_path / name)


def test_an_archive_larger_than_the_disk_or_broken_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("cifar/batch")
    member.size = 2**50
    (tmp_path / "huge.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    (tmp_path / "broken.tar.gz").write_bytes(b"\x1f\x8b\x08\x00" + bytes(40))
    (tmp_path / "target").mkdir()
    for name, found in (("huge.tar", "more than the disk has room for"), ("broken.tar.gz", "a broken one")):
        with pytest.raises(ValueError, match=f"found .*{found}"):
            unpack(tmp_path / name, tmp_path / "target", ("cifar/",), lambda *_: None)
    assert list((tmp_path / "target").iterdir()) == []


def test_links_that_lead_in_circles_pipes_and_devices_are_left_out(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    write_picture(photos / "a.png", 4, 4)
    (photos / "folder").symlink_to(photos)
    (photos / "circle.png").symlink_to("circle.png")
    (photos / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(photos / "pipe.png")
    assert list_pictures(photos) == ["a.png", "circle.png", "pipe.png", "zero.png"]
    found = read_folder(photos, cache=tmp_path / "cache")
    assert found.files == ("a.png",)
    assert dict(found.unreadable) == {
        "circle.png": "too many levels of symbolic links",
        "pipe.png": "it is no file of its own, but a folder, pipe, socket or device",
        "zero.png": "it is no file of its own, but a folder, pipe, socket or device",
    }


def test_a_folder_that_is_a_link_to_itself_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("circle").symlink_to("circle")
    code, text = said(["train", "circle"], monkeypatch, capsys)
    assert (code, "found 'circle'" in text) == (2, True), text
    check_folder(tmp_path / "new", overwrite=False, resume=False)


HOSTILE = 'a\n\x1b[31m\x9b2J"<img src=x onerror=alert(1)>[/b][red]\u202e\u2028.png'
UNTEXT = os.fsdecode(b"\xff\xfe.png")
"""A name that is no text in any encoding of today."""
OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of what rules a terminal."""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection can be opened, no name be looked up."""

    def refuse(*words: object, **_: object) -> None:
        raise AssertionError(f"a connection was opened: {words}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.usefixtures("offline")
def test_a_run_on_hostile_names_says_nothing_that_a_terminal_obeys_and_asks_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    folder = Path("pho\x1b[31mtos[red]")
    for number in range(12):
        write_picture(folder / ("one[[b]", "two<b>\n")[number % 2] / f"{number}\x1b[2J[x].png", 8, 8, seed=number)
    for name in (HOSTILE.replace("/", "|"), UNTEXT):
        (folder / "one[[b]" / name).write_bytes(b"broken")
    texts = []
    for arguments, codes in (
        (["train", str(folder), "--out", "run", "--epochs", "1", "--code-size", "2"], (0,)),
        (["evaluate", "run", str(folder)], (0,)),
        (["doctor", "run"], (0, 1)),
        (["data", "list"], (0,)),
        (["train", HOSTILE], (2,)),
    ):
        monkeypatch.setattr("sys.argv", ["narrows", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        assert (stopped.value.code or 0) in codes, told.err
        texts.append(told.out + told.err)
    obeyed = {each for text in texts for each in text if unicodedata.category(each) in OBEYED} - {"\n"}
    assert not obeyed
    assert r"\x1b[31m" in texts[1]
    names = [name for name, _ in open_run(Path("run")).experiment["data"]["unreadable"]]
    assert any(UNTEXT in name for name in names)
    html = Path("run", "report.html").read_text(encoding="utf-8")
    assert "onerror=alert" in html
    assert_harmless(html)


def assert_harmless(html: str) -> None:
    """Nothing in a page runs, comes from elsewhere, or is unseen."""
    for tag, attributes in Page(html).tags:
        assert tag != "script"
        assert not {name for name in attributes if name.startswith("on")}
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", html)


def test_what_a_terminal_obeys_is_written_as_an_escape() -> None:
    assert printable("a\n\x1b[31m\u202e\udcff\u2028") == r"a\n\x1b[31m\u202e\udcff\u2028"
    assert printable("naïve 日本 \N{NO-BREAK SPACE}[b]") == "naïve 日本 \N{NO-BREAK SPACE}[b]"


def test_a_network_without_numbers_is_the_one_that_is_built() -> None:
    """The check before a checkpoint is loaded builds its network twice: for its shapes, and for its numbers."""
    import torch

    from ..contracts import CODECS

    for architecture in (*CODECS.values(), ResNet18((4, 4, 4))):
        with torch.device("meta"):
            planned = architecture.build((3, 9, 13)).state_dict()
        built = architecture.build((3, 9, 13)).state_dict()
        assert {name: each.shape for name, each in planned.items()} == {
            name: each.shape for name, each in built.items()
        }

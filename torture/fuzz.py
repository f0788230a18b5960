"""The readers on inputs that are nearly right: a fuzzer mutates whole files, led by which lines of the readers run.

    python -m torture.fuzz [--count 1000000]

Every reader gets its share of the inputs in a process of its own. It may return or raise what its docstring names;
anything else is a failure, whose input is kept as build/fuzz/TARGET-crash-..., and ends that process. Needs atheris,
which drives LLVM's libFuzzer: pip install narrows[torture].
"""

import gzip
import io
import json
import multiprocessing
import os
import pickle
import re
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

import narrows.apply.codes
import narrows.data.array
import narrows.data.cifar
import narrows.data.idx
import narrows.data.parquet
import narrows.data.picture
import narrows.data.splits
import narrows.data.stl10
import narrows.data.voc
import narrows.descriptions
import narrows.experiments.settings
import narrows.files
import narrows.jobs.words
import narrows.results
import narrows.training.checkpoint
import narrows.training.state_file
from narrows.apply.codes import read_codes
from narrows.data import pictures_from_array, read_array, read_picture
from narrows.data.cifar import read_cifar
from narrows.data.idx import read_idx
from narrows.data.parquet import parquet_package, read_parquet
from narrows.data.picture import parse_size, read_header
from narrows.data.splits import parse_split
from narrows.data.stl10 import map_stl_images, read_stl_labels
from narrows.data.voc import choose_pictures
from narrows.experiments.describe import completed
from narrows.experiments.index import load_experiment
from narrows.experiments.settings import change_experiment
from narrows.jobs.words import parse_words
from narrows.models import Dense, TopK
from narrows.results import HistoryRow, Result, open_run, read_rows
from narrows.training import StateFile, load_model, save_model
from torture.record import Row, asked_count, tell, write_record

KEPT = Path("build") / "fuzz"
MEMORY = Path("/dev/shm")
"""Files that are read from memory, where the system has a place for them."""
READERS = (
    narrows.apply.codes,
    narrows.data.array,
    narrows.data.cifar,
    narrows.data.idx,
    narrows.data.parquet,
    narrows.data.picture,
    narrows.data.splits,
    narrows.data.stl10,
    narrows.data.voc,
    narrows.descriptions,
    narrows.experiments.settings,
    narrows.files,
    narrows.jobs.words,
    narrows.results,
    narrows.training.checkpoint,
    narrows.training.state_file,
    pickle,
)
"""Modules whose lines lead the fuzzer; Python's own where a reader is made of it."""
EXPERIMENT = load_experiment("quickstart")


class Target(NamedTuple):
    """A reader, whole files to start from, and what it may raise."""

    read: Callable[[Path], object]
    """Of a file in an empty folder, under `name`."""
    name: str
    seeds: tuple[bytes, ...]
    share: float
    """Of the inputs; fewer where one takes long."""
    documented: tuple[type[Exception], ...] = (ValueError, OSError)


def saved(write: Callable[[io.BytesIO], object]) -> bytes:
    """What is written into a file in memory."""
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def small_pictures() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Seven grey pictures of 4 x 5."""
    return np.random.default_rng(0).integers(0, 256, (7, 4, 5), dtype=np.uint8)


def encoded(kind: str) -> bytes:
    """A picture file of a kind."""
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    return saved(lambda file: Image.fromarray(pixels).save(file, kind))


def checkpoint(path: Path) -> object:
    """A model of the mutated description beside whole weights."""
    (path.parent / "model.safetensors").write_bytes(WEIGHTS[1])
    return load_model(path.parent)


def written_model() -> tuple[bytes, bytes]:
    """Description and weights of a small network."""
    with TemporaryDirectory() as folder:
        save_model(Path(folder), Dense((5,), 4, bottleneck=TopK(2)).build((1, 4, 5)), {"seed": 0})
        return tuple((Path(folder) / name).read_bytes() for name in ("model.json", "model.safetensors"))  # type: ignore[return-value]  # two names


WEIGHTS = written_model()


def weights(path: Path) -> object:
    """A model of a whole description beside mutated weights."""
    (path.parent / "model.json").write_bytes(WEIGHTS[0])
    return load_model(path.parent)


def experiment(path: Path) -> object:
    """A run's description, and its arms as a run that goes on reads them."""
    run = open_run(path.parent)
    return [completed(arm) for arm in run.experiment.get("arms", []) if "description" in arm]


def settings(path: Path) -> object:
    """Lines of `--set`, and other words of the command line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, _, text = line.partition(" ")
        {"size": parse_size, "split": parse_split, "corrupt": parse_words}.get(kind, set_one)(text)
    return None


def set_one(text: str) -> object:
    """An experiment with a setting changed."""
    return change_experiment(EXPERIMENT, [text])


def voc_list(path: Path) -> object:
    """The pictures that a list names."""
    folder = path.parent
    (folder / "JPEGImages").mkdir(exist_ok=True)
    (folder / "JPEGImages" / "000001.jpg").touch()
    (folder / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
    path.replace(folder / "ImageSets" / "Main" / "test.txt")
    return choose_pictures(folder)


def picture(path: Path) -> object:
    """A picture file by its head, then whole, as a folder is read."""
    if read_header(path).size <= (64, 64):
        read_picture(path, size=(4, 4), channels=3)
    return None


def array_in_memory(path: Path) -> object:
    """An array whose type and shape the first bytes choose."""
    content = path.read_bytes()
    if len(content) < 6:
        return None
    kind = ("u1", "i2", "f4", "f8", "?", "f2", "c8", "O")[content[0] % 8]
    shape = tuple(each % 6 for each in content[1 : 2 + content[5] % 5])
    flat = np.resize(np.frombuffer(content[5:] * 8, np.uint8)[: len(content[5:]) // 8 * 8], 8 * 6**4)
    values = flat.astype(object) if kind == "O" else flat.view(kind)
    axis = (None, "first", "last")[content[4] % 3]
    return pictures_from_array(np.resize(values, shape), None, channel_axis=axis)  # type: ignore[arg-type]  # the words


def table(columns: dict[str, list[Any]]) -> bytes:
    """A Parquet file."""
    return saved(lambda file: parquet_package().write_table(import_module("pyarrow").table(columns), file))


def saved_state() -> bytes:
    """A small training's state."""
    with TemporaryDirectory() as folder:
        state = StateFile(Path(folder) / "state.safetensors")
        state.save({"module": {"weight": torch.zeros(3)}}, {"step": 1})
        return state.path.read_bytes()


def result_lines() -> bytes:
    """A whole results.csv."""
    head = ",".join(Result._fields)
    return f"{head}\nx,improved,0,reconstruction,,test,mse,0.1,9\n".encode()


def described() -> bytes:
    """An experiment.json of one arm."""
    arm = EXPERIMENT.arms[-1]
    content = {"name": "x", "seeds": 1, "arms": [{"name": arm.name, "seeds": [0], "description": arm.description()}]}
    return json.dumps(content).encode()


IDX = bytes((0, 0, 8, 3, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 5)) + small_pictures().tobytes()
ROW = {"data": np.zeros((1, 3072), np.uint8), "labels": [5]}
SETTINGS = (
    "set training.epochs=5", "set objective.penalties=[]", "set improved, code 8:training.learning_rate=1e-3",
    "set data=mnist", "set arms=improved*", "set training.clip_norm=1.5", "size 48,64", "split 70-20-10",
    "corrupt noise:25/255", "corrupt patches:0.1-0.5", "set training.augmentation.shift=2",
    "set training.betas=[0.9, 0.99]",
)  # fmt: skip

TARGETS: dict[str, Target] = {
    "IDX": Target(lambda path: read_idx(path, 3), "images", (IDX,), 1.0),
    "IDX, gzipped": Target(lambda path: read_idx(path, 3), "images.gz", (gzip.compress(IDX, mtime=0),), 0.5),
    "CIFAR": Target(
        lambda path: read_cifar([path]), "batch", tuple(pickle.dumps(ROW, protocol) for protocol in (3, 4)), 1.0
    ),
    "STL-10, pictures": Target(map_stl_images, "train_X.bin", (bytes(27648),), 0.2),
    "STL-10, labels": Target(read_stl_labels, "train_y.bin", (bytes((1, 10, 3)),), 1.0),
    "VOC's list": Target(voc_list, "test.txt", (b"000001  1\n000002 -1\n",), 0.3),
    "arrays, .npy": Target(read_array, "a.npy", (saved(lambda file: np.save(file, small_pictures())),), 0.5),
    "arrays, .npz": Target(
        read_array, "a.npz",
        (saved(lambda file: np.savez_compressed(file, images=small_pictures(), labels=np.arange(7))),), 0.3,
    ),
    "arrays in memory": Target(
        array_in_memory, "a", tuple(bytes(head) + bytes(64) for head in ((0, 2, 5, 5, 0, 2), (3, 2, 1, 5, 5, 3))), 1.0
    ),
    "Parquet": Target(
        read_parquet, "a.parquet", (table({"image": [encoded("PNG"), encoded("JPEG")], "label": [0, 1]}),), 0.2
    ),
    "codes, .npz": Target(
        read_codes, "c.npz", (saved(lambda file: np.savez(file, codes=np.zeros((2, 3)), files=["a", "b"])),), 0.2
    ),
    "codes, Parquet": Target(
        read_codes, "c.parquet", (table({"file": ["a", "b"], "code": [[0.5, 1.0], [1.5, 2.0]]}),), 0.2
    ),
    "picture files": Target(
        picture, "a.png", tuple(map(encoded, ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"))), 0.3,
        (Exception,),
    ),
    "model.json": Target(
        checkpoint, "model.json",
        (WEIGHTS[0],),
        0.2,
    ),
    "model.safetensors": Target(weights, "model.safetensors", (WEIGHTS[1],), 0.2),
    "state.safetensors": Target(lambda path: StateFile(path).load(), "state.safetensors", (saved_state(),), 0.5),
    "experiment.json": Target(experiment, "experiment.json", (described(),), 0.5),
    "results.csv": Target(lambda path: read_rows(path, Result), "results.csv", (result_lines(),), 1.0),
    "history.csv": Target(
        lambda path: read_rows(path, HistoryRow), "history.csv",
        (f"{','.join(HistoryRow._fields)}\na,0,1,1,0.5,mse,train,0.1\n".encode(),), 0.5,
    ),
    "--set, --size, --corrupt": Target(settings, "words", tuple(map(str.encode, SETTINGS)), 1.0),
}  # fmt: skip
"""Of picture files any exception is documented: `read_picture` says so, and folders name the file and go on."""


def tried(target: Target, content: bytes, folder: Path) -> None:
    """One input through a reader; returns where it is read or refused as documented.

    Raises:
        Exception: anything that is not.
    """
    path = folder / target.name
    path.write_bytes(content)
    try:
        target.read(path)
    except target.documented:
        return


def fuzz(name: str, count: int, log: Path) -> None:
    """Mutate a target's seeds in this process until the count is reached or something is wrong; never returns."""
    import atheris

    warnings.simplefilter("ignore")
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    for module in READERS:
        own = [each for each in vars(module).values() if getattr(each, "__module__", None) == module.__name__]
        for each in (*own, *(method for kind in own if isinstance(kind, type) for method in vars(kind).values())):
            if isinstance(each, FunctionType):
                atheris.instrument_func(each)
    folder = Path(mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    for each in ("corpus", "read"):
        (folder / each).mkdir()
    for number, seed in enumerate(TARGETS[name].seeds):
        (folder / "corpus" / str(number)).write_bytes(seed)

    def one(content: bytes) -> None:
        tried(TARGETS[name], content, folder / "read")

    kept = f"-artifact_prefix={log.with_suffix('')}-"
    longest = max(4096, *(2 * len(seed) for seed in TARGETS[name].seeds))
    # unless told otherwise, libFuzzer cuts a whole file down to what runs the same lines, often to a byte
    whole = ("-keep_seed=1", "-reduce_inputs=0", f"-max_len={longest}")
    options = [f"-runs={count}", *whole, "-timeout=60", "-rss_limit_mb=1024", "-seed=1", kept]
    atheris.Setup(["fuzz", "-print_final_stats=1", *options, str(folder / "corpus")], one)
    atheris.Fuzz()


def slug(name: str) -> str:
    """A target's name as a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def counts(total: int) -> dict[str, int]:
    """The inputs of each target by its share, rounded up."""
    shares = sum(target.share for target in TARGETS.values())
    return {name: -int(-total * target.share // shares) for name, target in TARGETS.items()}


def carried_out(name: str, count: int, log: Path, status: int | None) -> Row:
    """What came of a target: libFuzzer states how many inputs it tried, and ends with another status at a failure."""
    said = log.read_text(errors="replace")
    found = re.search(r"number_of_executed_units: (\d+)", said)
    ran = int(found[1]) if found else 0
    failed = bool(status) or ran < count
    if failed:
        sys.stderr.write(f"\n{name}: status {status}\n{said[-3000:]}\n")
    seeds = len(TARGETS[name].seeds)
    return Row(name, max(ran, 1), int(failed), f"from {seeds} whole file{'s' if seeds > 1 else ''}")


def main() -> None:
    """Fuzz every target, as many at once as there are cores, and record."""
    total, started = asked_count(__doc__, 1_000_000), time.perf_counter()
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    torch.set_num_threads(1)
    waiting, rows = list(counts(total).items()), []
    working: list[tuple[str, int, Path, Any]] = []
    forking = multiprocessing.get_context("fork")  # what is imported here need not be imported by each
    while waiting or working:
        while waiting and len(working) < (os.cpu_count() or 1):
            name, count = waiting.pop(0)
            log = KEPT / f"{slug(name)}.log"
            process = forking.Process(target=fuzz, args=(name, count, log))
            process.start()
            working.append((name, count, log, process))
        done = next((each for each in working if not each[3].is_alive()), None)
        if done is None:
            time.sleep(0.1)
            continue
        working.remove(done)
        rows.append(carried_out(*done[:3], done[3].exitcode))
        tell("targets", len(rows), len(TARGETS))
    promise = "A reader takes a file or refuses it as its documentation says, whatever is in the file."
    write_record("fuzz", promise, rows, time.perf_counter() - started)


if __name__ == "__main__":
    main()

"""The design's rules, read from the source: who imports whom, one network class, one loop, one module that prints."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeAlias

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "narrows"

Sources: TypeAlias = dict[str, ast.Module]
"""Parsed files by their path under src/narrows."""

PARTS = frozenset({"data", "corruption", "models", "objective", "metrics"})
ASSEMBLY = PARTS | {"types", "results", "training", "evaluation", "diagnostics"}
REPORTS = {"report", "comparison"}
EVERYTHING = ASSEMBLY | REPORTS | {"experiments", "apply", "jobs", "sweeps", "estimator", "export", "cli", "narrows"}

MAY_IMPORT: dict[str, frozenset[str]] = {
    "types": frozenset(),
    "results": frozenset(),
    "descriptions": frozenset(),
    "files": frozenset(),
    "data": frozenset({"types"}),
    "corruption": frozenset({"types"}),
    "models": frozenset({"types"}),
    "objective": frozenset({"types"}),
    "metrics": frozenset({"types"}),
    "training": PARTS | {"types"},
    "evaluation": PARTS | {"types", "training", "results"},
    "report": frozenset({"results"}),
    "comparison": frozenset({"results", "report"}),
    "diagnostics": frozenset({"results"}),
    "experiments": ASSEMBLY | {"report"},
    "apply": ASSEMBLY | {"report", "experiments"},
    "jobs": ASSEMBLY | {"experiments", "apply"},
    "sweeps": ASSEMBLY | {"report", "experiments", "jobs"},
    "estimator": ASSEMBLY,
    "export": ASSEMBLY | {"apply"},
    "cli": EVERYTHING,
    "__init__": EVERYTHING,
    "__main__": frozenset({"cli"}),
}
"""Which part may import which other parts, beside the leaves."""

LEAVES = frozenset({"descriptions", "files"})
"""They import nothing of the project, and are open to all."""

LONG_FILES = {
    "corruption.py": "the corruptions stand on one page, for they keep one contract and share its checks",
    "results.py": "the run folder's records, units and files stand on one page, for they are one contract",
}
"""Files that may exceed 300 lines, and why."""


def parse(source: Path) -> Sources:
    return {
        path.relative_to(source).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(source.rglob("*.py"))
    }


PARSED = parse(SOURCE)


def module(path: str) -> tuple[str, ...]:
    """narrows.models.pca of models/pca.py, as its words; a package is its folder."""
    words = ("narrows", *path.removesuffix(".py").split("/"))
    return words[:-1] if words[-1] == "__init__" else words


def part(path: str) -> str:
    return path.removesuffix(".py").split("/")[0]


def imports(path: str, tree: ast.Module) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and dotted words of everything of narrows that a file imports; a name counts as if it were a module."""
    package = module(path) if path.endswith("__init__.py") else module(path)[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [tuple(name.name.split(".")) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = (*above, *(node.module.split(".") if node.module else ()))
            found = [(*origin, name.name) for name in node.names]
        else:
            continue
        yield from ((node.lineno, words) for words in found if words[0] == "narrows")


def forbidden_imports(sources: Sources) -> list[str]:
    said = []
    for path, tree in sources.items():
        here = part(path)
        for line, words in imports(path, tree):
            there = words[1] if len(words) > 1 and words[1] in MAY_IMPORT else "narrows"
            if there not in MAY_IMPORT[here] | LEAVES | {here}:
                said.append(f"{path}:{line}: {here} may not import {there}")
    return said


def cycle(sources: Sources) -> list[str]:
    """The files of an import cycle; empty where there is none."""
    files = {module(path): path for path in sources}
    graph = {
        path: {
            files[words] for _, name in imports(path, tree) if (words := name if name in files else name[:-1]) in files
        }
        for path, tree in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def classes(sources: Sources) -> Iterator[tuple[str, ast.ClassDef]]:
    for path, tree in sources.items():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def base_names(node: ast.ClassDef) -> set[str]:
    """Last words of the bases: Module of nn.Module."""
    return {ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases}


def network_classes(sources: Sources) -> list[str]:
    """PyTorch modules in models that define encode and decode both."""
    return [
        f"{path}: {node.name}"
        for path, node in classes(sources)
        if part(path) == "models"
        and "Module" in base_names(node)
        and {"encode", "decode"} <= {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
    ]


def subclasses(sources: Sources, bases: Iterable[str]) -> list[str]:
    found = set(bases)
    return [
        f"{path}:{node.lineno}: {node.name} subclasses {', '.join(sorted(found & base_names(node)))}"
        for path, node in classes(sources)
        if found & base_names(node)
    ]


def calls(sources: Sources, wanted: Callable[[ast.Call], bool]) -> list[str]:
    return [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and wanted(node)
    ]


def values_alone(sources: Sources) -> list[str]:
    """Classes of other kinds than tuples with names, frozen dataclasses and protocols."""
    return [
        f"{path}:{node.lineno}: {node.name}"
        for path, node in classes(sources)
        if not {"NamedTuple", "Protocol"} & base_names(node)
        and not any(ast.unparse(each).startswith("dataclass(frozen=True") for each in node.decorator_list)
    ]


def readers_of_test(sources: Sources) -> set[str]:
    """Files that take a data set's test pictures."""
    return {
        path
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "test"
    }


def steps(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in {"backward", "zero_grad", "step"}


def prints(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"print", "typer.echo", "typer.secho"}


def asks_for_a_graph(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "torch.compiler.is_compiling"


def exits(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"exit", "quit", "sys.exit", "os._exit", "SystemExit"}


def forwards_keywords(sources: Sources) -> list[str]:
    """Calls that hand on, unread, the keywords that their function was called with."""
    return [
        f"{path}:{call.lineno}: {function.name} forwards **{function.args.kwarg.arg}"
        for path, tree in sources.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.args.kwarg
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and forwards(call, function.args.kwarg.arg)
    ]


def forwards(call: ast.Call, name: str) -> bool:
    return any(keyword.arg is None and ast.unparse(keyword.value) == name for keyword in call.keywords)


def outside(found: Iterable[str], *places: str) -> list[str]:
    """What is found elsewhere; a place is the start of a path."""
    return [line for line in found if not line.startswith(places)]


def test_parts_import_only_what_the_design_lets_them() -> None:
    assert forbidden_imports(PARSED) == []


def test_every_part_has_its_rule() -> None:
    assert {part(path) for path in PARSED} <= set(MAY_IMPORT)


def test_no_import_cycle() -> None:
    assert cycle(PARSED) == []


def test_no_drawer_modules() -> None:
    drawers = {"utils", "util", "helpers", "base", "common", "misc"}
    assert [path for path in PARSED if drawers & set(path.removesuffix(".py").split("/"))] == []


def test_files_over_300_lines_have_a_reason() -> None:
    lengths = {path: len((SOURCE / path).read_text(encoding="utf-8").splitlines()) for path in PARSED}
    assert {path for path, length in lengths.items() if length > 300} == set(LONG_FILES)


def test_one_network_class_that_nothing_subclasses() -> None:
    assert network_classes(PARSED) == ["models/autoencoder.py: Autoencoder"]
    assert subclasses(PARSED, {"Autoencoder"}) == []


def test_one_loop() -> None:
    rest = {path: tree for path, tree in PARSED.items() if path != "training/muon.py"}  # Muon has AdamW for the rest
    assert {line.split(":")[0] for line in calls(rest, steps)} == {"training/optimize.py"}


def test_only_the_command_line_prints_and_exits() -> None:
    assert outside(calls(PARSED, prints), "cli/") == []
    assert outside(calls(PARSED, exits), "cli/") == []


def test_records_are_values() -> None:
    records = {path: PARSED[path] for path in ("types.py", "results.py", "report/page.py")}
    assert values_alone(records) == []


def test_test_pictures_are_taken_where_models_are_judged_alone() -> None:
    own = {path: tree for path, tree in PARSED.items() if part(path) != "data"}
    judging = {"experiments/measure.py", "experiments/session.py", "experiments/describe.py"}
    own_pictures = {"apply/few_labels.py", "apply/gather.py"}
    assert readers_of_test(own) == judging | own_pictures


def test_two_places_look_whether_a_graph_is_being_made() -> None:
    found = {line.split(":")[0] for line in calls(PARSED, asks_for_a_graph)}
    assert found == {"models/patch_features.py", "models/transformer.py"}


def test_no_keywords_are_forwarded_unread() -> None:
    assert forwards_keywords(PARSED) == []


@pytest.mark.parametrize(
    ("parts", "heavy"),
    [
        ({"__init__"}, {"torch", "matplotlib"}),
        ({"results"}, {"torch", "matplotlib"}),
        ({"diagnostics"}, {"torch", "matplotlib"}),
        ({"report"}, {"torch"}),
        ({"comparison"}, {"torch", "matplotlib"}),
    ],
)
def test_what_is_light_loads_nothing_heavy(parts: set[str], heavy: set[str]) -> None:
    names = [".".join(module(path)) for path in PARSED if part(path) in parts]
    program = f"import sys, {', '.join(names)}; sys.stdout.write(' '.join({heavy!r} & set(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": str(SOURCE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


MADE_UP = {
    "models/pca.py": "from torch import nn\nfrom narrows.training import fit",
    "models/two.py": "from ..corruption import PixelMask\nfrom . import pca\nfrom narrows.descriptions import encode",
    "report/page.py": "def draw():\n    import narrows.diagnostics",
    "training/fit.py": "from narrows import results\nfrom narrows.models.two import Net",
    "cli.py": "from narrows import __version__, report",
}


def made_up(**files: str) -> Sources:
    return {path.replace("__", "/") + ".py": ast.parse(text) for path, text in files.items()}


def test_the_checker_of_imports_names_file_line_and_rule() -> None:
    assert forbidden_imports({path: ast.parse(text) for path, text in MADE_UP.items()}) == [
        "models/pca.py:2: models may not import training",
        "models/two.py:1: models may not import corruption",
        "report/page.py:2: report may not import diagnostics",
        "training/fit.py:1: training may not import results",
    ]


def test_the_checker_of_cycles_finds_one() -> None:
    one = made_up(models__a="from narrows.models.b import B", models__b="from . import a", models__c="import torch")
    assert set(cycle(one)) == {"models/a.py", "models/b.py"}
    assert cycle(made_up(models__a="from narrows.models.b import B", models__b="import torch")) == []


def test_the_checker_of_networks_finds_a_second_one_and_its_subclass() -> None:
    body = "(nn.Module):\n    def encode(self): ...\n    def decode(self): ..."
    found = made_up(
        models__a=f"class A{body}", models__b=f"class B{body}\nclass C(A): ...", objective__d=f"class D{body}"
    )
    assert network_classes(found) == ["models/a.py: A", "models/b.py: B"]
    assert subclasses(found, {"A"}) == ["models/b.py:4: C subclasses A"]


def test_the_checker_of_records_finds_what_can_be_changed() -> None:
    found = made_up(
        types="class A(NamedTuple): ...\n@dataclass(frozen=True)\nclass B: ...\n@dataclass\nclass C: ...\nclass D: ..."
    )
    assert values_alone(found) == ["types.py:5: C", "types.py:6: D"]


def test_the_checker_of_test_pictures_finds_who_takes_them() -> None:
    found = made_up(training__fit="data.test", jobs__job="data.validation", models__pca="self.data.test.images")
    assert readers_of_test(found) == {"training/fit.py", "models/pca.py"}


def test_the_checkers_of_calls_find_them_outside_their_files() -> None:
    found = made_up(
        training__optimize="loss.backward()\noptimiser.step()",
        training__probe="optimiser.zero_grad()",
        cli="print(1)\nsys.exit(2)",
        apply="print(1)\nraise SystemExit(1)",
    )
    assert outside(calls(found, steps), "training/optimize.py") == ["training/probe.py:1: optimiser.zero_grad()"]
    assert outside(calls(found, prints), "cli.py") == ["apply.py:1: print(1)"]
    assert outside(calls(found, exits), "cli.py") == ["apply.py:2: SystemExit(1)"]


def test_the_checker_of_keywords_lets_tables_be_unpacked() -> None:
    found = made_up(apply="def f(**given):\n    return g(**given)\ndef h(table):\n    return g(**table)")
    assert forwards_keywords(found) == ["apply.py:2: f forwards **given"]

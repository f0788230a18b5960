"""Completion: bash itself completes; zsh is handed what its script asks for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMPLETED = [
    ("narrows pro", {"probe"}),
    ("narrows e", {"encode", "evaluate", "export"}),
    ("narrows data ", {"list", "download", "clear"}),
    ("narrows probe runs/x ./photos --sh", {"--shares"}),
    ("narrows train ./photos --model ", {"dense", "convolutional", "unet", "masked"}),
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """With a program called narrows, as an installation has it."""
    program = tmp_path / "narrows"
    program.write_text(f"#!{sys.executable}\nfrom narrows.cli import main\nmain()\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def said(words: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout


BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("shell", "start", "added"),
    [("bash", ".bashrc", ".bash_completions/narrows.sh"), ("zsh", ".zshrc", ".zfunc/_narrows")],
)
def test_a_shell_is_taught_by_one_call_and_shown_what_that_adds(
    shell: str, start: str, added: str, environment: dict[str, str], tmp_path: Path
) -> None:
    assert BASH is not None
    (tmp_path / shell).symlink_to(BASH)  # a shell is known by its name
    (tmp_path / "home").mkdir()
    home = environment | {"HOME": str(tmp_path / "home")}
    # more than one command, as the last one would take the shell's place
    said([str(tmp_path / shell), "-c", "narrows --install-completion; true"], home)
    script = (tmp_path / "home" / added).read_text()
    assert re.search(r"complete -o default -F \w+ narrows|compdef \w+ narrows", script)
    assert Path(added).parent.name in (tmp_path / "home" / start).read_text()
    shown = said([str(tmp_path / shell), "-c", "narrows --show-completion; true"], home)
    assert shown.strip() == script.strip()
    if shell == "bash":
        found = said([BASH, "--norc", "-c", f". {tmp_path / 'home' / start}; complete -p narrows"], home)
        assert found.endswith("narrows\n")


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_bash_completes_verbs_options_and_values(environment: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "completion.sh"
    script.write_text(said(["narrows"], environment | {"_NARROWS_COMPLETE": "source_bash"}))
    assert re.search(r"complete -o default -F \w+ narrows", script.read_text())
    asked = []
    for line, _ in COMPLETED:
        words = line.split(" ")
        quoted = " ".join(f"'{word}'" for word in words)
        asked += [f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}", "$function narrows", 'echo "${COMPREPLY[*]}"']
    found = "function=$(complete -p narrows | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
    program = "\n".join([f"source {script}", found, *asked])
    lines = said(["bash", "--norc", "-c", program], environment).splitlines()
    assert [set(line.split()) for line in lines] == [expected for _, expected in COMPLETED]


def test_zsh_is_told_the_same_with_what_each_is_for(environment: dict[str, str]) -> None:
    script = said(["narrows"], environment | {"_NARROWS_COMPLETE": "source_zsh"})
    assert "#compdef narrows" in script
    assert re.search(r"_TYPER_COMPLETE_ARGS=.* _NARROWS_COMPLETE=complete_zsh narrows", script)
    for line, expected in COMPLETED:
        asked = {"_NARROWS_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
        found = said(["narrows"], environment | asked)
        assert set(re.findall(r'^(?:_arguments .*\(\()?"([^"]+)"', found, re.MULTILINE)) == expected, found
    assert '"probe":"Classify pictures' in said(
        ["narrows"], environment | {"_NARROWS_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "narrows prob"}
    )

"""Where a run was made: versions, hardware, command."""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from narrows.results import FORMAT
from narrows.training import choose_precision
from narrows.training.settings import Precision

PACKAGES = ("narrows", "torch", "numpy", "scikit-learn")


def environment(command: str, device: torch.device, precision: Precision) -> dict[str, Any]:
    """Everything of the machine that a figure may depend on; nothing that names its owner."""
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    return {
        "format": FORMAT,
        **versions,
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": processor(device),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": device.type,
        "precision": str(choose_precision(precision, device)).removeprefix("torch."),
        "command": command,
        "git": git_state(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def processor(device: torch.device) -> str:
    """The name that the maker gives it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def git_state() -> str:
    """Commit of the source tree that runs, with '+' where it was changed; empty where it is installed."""
    here = Path(__file__).resolve().parents[1]
    try:
        if Path(git(here, "rev-parse", "--show-toplevel"), "src", "narrows").resolve() != here:
            return ""  # somebody else's repository around an installed copy
        commit = git(here, "rev-parse", "--short", "HEAD")
        return commit + ("+" if git(here, "status", "--porcelain", "--", "src") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def git(folder: Path, *words: str) -> str:
    """What a git command prints."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=5)
    return done.stdout.strip()

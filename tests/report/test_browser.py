"""The page in a browser, where there is one."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the browser's own calls home end here too
]

pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium or Chrome on this machine")


class Visit(NamedTuple):
    """What opening a page led to."""

    text: str
    console: bool
    requests: list[str]


def visit(page: Path, folder: Path) -> Visit:
    log = folder / "net.json"
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}"]
    command += ["--enable-logging=stderr", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    # The network log has no closing brackets where the browser was quick to end.
    text = log.read_text()
    events = json.loads(text if text.rstrip().endswith("}") else text.rstrip().rstrip(",") + "]}")["events"]
    caused = [event.get("params", {}) for event in events]
    requests = [
        params["url"]
        for params in caused
        if "url" in params and str(params.get("network_isolation_key")).startswith("file://")
    ]
    return Visit(done.stdout, "CONSOLE" in done.stderr, requests)


def test_the_page_opens_without_requests_or_complaints(report_path: Path, tmp_path: Path) -> None:
    found = visit(report_path, tmp_path)
    assert "Reproduce and cite" in found.text
    assert not found.console
    assert found.requests == []


def test_a_page_that_asks_and_complains_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!DOCTYPE html><img src="http://picture.invalid/x.png"><script>console.log("seen")</script>')
    found = visit(page, tmp_path)
    assert found.console
    assert "http://picture.invalid/x.png" in found.requests

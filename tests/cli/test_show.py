"""The table of a run on terminals of several widths."""

import pytest

from narrows.cli.show import fitting

ROWS = [
    {"arm": "improved, code 30", "squared error": "1.795 ± 0.025", "mse": "0.00229 ± 3e-05",
     "psnr": "27.43 ± 0.042", "ssim": "0.9758 ± 0.0004"},
    {"arm": "as reported, 784-512-256-128-30, 20 epochs", "squared error": "11.13", "mse": "", "psnr": "", "ssim": ""},
]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        (120, ["squared error", "mse", "psnr", "ssim"]),
        (84, ["squared error", "psnr", "ssim"]),
        (64, ["squared error", "psnr"]),
        (20, ["squared error"]),
    ],
)
def test_a_narrow_terminal_goes_without_columns_rather_than_names(
    columns: int, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = fitting(ROWS)
    assert [list(row) for row in rows] == [["arm", *kept]] * 2
    assert rows[0]["arm"] == "improved, code 30"
    assert rows[1]["squared error"] == "11.13"

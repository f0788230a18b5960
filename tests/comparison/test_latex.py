"""Tables as LaTeX."""

import pytest

from narrows.comparison.latex import escaped, tabulars
from narrows.report.page import Cell, Column, Group, Table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 50% of #1", r"a\_b \& 50\% of \#1"),
        (r"\input{x}$y$~^", r"\textbackslash{}input\{x\}\$y\$\textasciitilde{}\textasciicircum{}"),
        ("1.5 ± 0.2", r"1.5 $\pm$ 0.2"),
        ("\N{MINUS SIGN}1.2 \N{MULTIPLICATION SIGN} 10⁻¹²", r"$-$1.2 $\times$ 10$^{-12}$"),
        ("two\nlines\x07", "two lines\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_text_is_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_a_table_has_as_many_cells_a_row_as_columns_and_its_best_is_bold() -> None:
    rows = ((Cell("a_1"), Cell("1.0", best=True)), (Cell("b"), Cell("2.0")))
    table = Table(
        "Some\n\\end{tabular} words", (Column("arm", numeric=False), Column("error", "dB, ↓")), (Group("g", rows),)
    )
    assert tabulars([table]).splitlines() == [
        r"% \usepackage{booktabs}",
        "",
        r"% Some \end{tabular} words",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"arm & error (dB, $\downarrow$) \\",
        r"\midrule",
        r"\multicolumn{2}{l}{g} \\",
        r"a\_1 & \textbf{1.0} \\",
        r"b & 2.0 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]

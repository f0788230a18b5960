"""The page's tables as LaTeX, for the package booktabs."""

import re
from collections.abc import Sequence

from narrows.report.page import Cell, Table
from narrows.report.text import visible

_SIGNS = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "\N{MINUS SIGN}": "$-$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "∞": r"$\infty$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "\N{EN DASH}": "--",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{NO-BREAK SPACE}": "~",
    "\N{LEFT DOUBLE QUOTATION MARK}": "``",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "''",
}
_SUPERSCRIPTS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN = str.maketrans(_SUPERSCRIPTS, "-0123456789")
_POWER = re.compile(f"[{_SUPERSCRIPTS}]+")


def escaped(text: str) -> str:
    r"""Text as LaTeX sets it.

    >>> print(escaped("code_8 & 50 %"))
    code\_8 \& 50 \%
    """
    signs = "".join(_SIGNS.get(sign, sign) for sign in visible(text))
    return _POWER.sub(lambda found: f"$^{{{found[0].translate(_PLAIN)}}}$", " ".join(signs.split()))


def tabulars(tables: Sequence[Table]) -> str:
    """Tables one after the other, each with its caption as a comment."""
    return "% \\usepackage{booktabs}\n" + "".join(f"\n{_tabular(table)}" for table in tables)


def _tabular(table: Table) -> str:
    heads = [
        " ".join(escaped(part) for part in (column.label, f"({column.detail})" if column.detail else "") if part)
        for column in table.columns
    ]
    lines = [
        "% " + " ".join(visible(table.caption).split()),
        rf"\begin{{tabular}}{{{''.join('r' if column.numeric else 'l' for column in table.columns)}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
    ]
    for group in table.groups:
        lines.append(r"\midrule")
        if group.label:
            lines.append(rf"\multicolumn{{{len(heads)}}}{{l}}{{{escaped(group.label)}}} \\")
        lines += [" & ".join(map(_cell, row)) + r" \\" for row in group.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _cell(cell: Cell) -> str:
    return rf"\textbf{{{escaped(cell.text)}}}" if cell.best else escaped(cell.text)

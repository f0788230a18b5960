"""How Sphinx builds the documentation: `make docs`, into build/docs. Nothing in the pages asks for the network."""

from pathlib import Path

from sphinx.application import Sphinx

project = "Narrows"
author = "The Narrows developers"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["results/**"]
highlight_language = "text"  # a block without a language is commands, or what they print
default_role = "py:obj"  # a docstring's `Training` leads to Training where that is public, else is set as code
smartquotes_action = "qe"  # quotes and ellipses: of the two hyphens of an option it would make a dash

myst_enable_extensions = ["colon_fence", "html_image"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_output_stderr = "remove"  # what other packages say of notebooks, with paths of the machine that built them

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "Narrows"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

MOVED = {
    "](docs/": "](",
    'src="docs/': 'src="',
    "](CONTRIBUTING.md)": "](contributing.md)",
    "](CHANGELOG.md)": "](changes.md)",
    "](LICENSE)": "](../LICENSE)",
    "](CITATION.cff)": "](../CITATION.cff)",
}
"""Links of the pages in the repository's root, as they are from docs/."""


def read_page(_app: Sphinx, _name: str, content: list[str]) -> None:
    """Centred pictures, which code hosts know as HTML alone, as images that Sphinx copies."""
    text = content[0].replace('<p align="center">\n', "").replace("</p>\n", "")
    content[0] = text.replace("<img ", '<img align="center" ')


def read_included(app: Sphinx, path: Path, name: str, content: list[str]) -> None:
    """A page of the root, as if it stood in docs/."""
    if path.parent == Path(".."):
        for link, moved in MOVED.items():
            content[0] = content[0].replace(link, moved)
    read_page(app, name, content)


def setup(app: Sphinx) -> None:
    """What Sphinx calls."""
    app.connect("source-read", read_page)
    app.connect("include-read", read_included)

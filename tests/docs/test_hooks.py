"""What the site makes of docstrings' tables and of links that lead out of docs/."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def hook(name: str) -> ModuleType:
    pytest.importorskip("mkdocs")
    found = importlib.util.spec_from_file_location(name, ROOT / f"docs/hooks/{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_a_table_becomes_markdown() -> None:
    text = """Before.

====== ======= ================
symbol name    meaning
====== ======= ================
B d    fb      what it *receives*
f'     df      slope, as in
               `a*b`, |f'|
       sig     its size
====== ======= ================

After.
"""
    assert hook("docstrings").markdown_tables(text).split("\n") == [
        *("Before.", "", ""),
        "| symbol | name | meaning |",
        "| --- | --- | --- |",
        r"| B d | fb | what it \*receives\* |",
        r"| f' | df | slope, as in `a*b`, \|f'\| |",
        "|  | sig | its size |",
        *("", "", "After.", ""),
    ]


def test_a_table_of_two_columns_goes_on_where_the_first_is_blank() -> None:
    text = "=====  =====\nname   about\n=====  =====\na      one\n       two\n=====  ====="
    shown = hook("docstrings").markdown_tables(text).split("\n")
    assert shown[1:-1] == ["| name | about |", "| --- | --- |", "| a | one two |"]


def test_what_is_no_table_stays() -> None:
    text = "Raises\n------\nInputError\n    a == b\n    x = 1\n"
    assert hook("docstrings").markdown_tables(text) == text


@pytest.mark.parametrize(
    ("link", "file", "page", "shown"),
    [
        ("[a](../README.md#devices)", "docs/index.md", "index.md", "[a](readme.md#devices)"),
        ("[a](docs/rate.md#x)", "README.md", "readme.md", "[a](rate.md#x)"),
        ("[a](../../README.md)", "docs/api/index.md", "api/index.md", "[a](../readme.md)"),
        ("[a](../snn_credit/devices.py)", "docs/a.md", "a.md", "[a](files/snn_credit/devices.py)"),
        ("[a](rate.md)", "docs/index.md", "index.md", "[a](rate.md)"),
        ("[a](https://example.org/b)", "docs/a.md", "a.md", "[a](https://example.org/b)"),
        ("[a](../nowhere.py)", "docs/a.md", "a.md", "[a](../nowhere.py)"),
        ("![a](../docs/images/x.png)", "examples/README.md", "examples.md", "![a](images/x.png)"),
    ],
)
def test_links_lead_to_pages_and_copies(link: str, file: str, page: str, shown: str) -> None:
    assert hook("root_pages")._relinked(link, file, page) == shown

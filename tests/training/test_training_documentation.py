"""docs/training.md against the code: every key, value, command and import that it shows."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer

from sporemetry.cli.app import app
from sporemetry.training.changes import parse_changes
from sporemetry.training.criterion import build_criterion
from sporemetry.training.networks import NETWORKS
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import Recipe, find_recipe, recipe_of

ROW = re.compile(r"^\| `([a-z_.]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|", re.MULTILINE)
STATISTICS = PictureStatistics(mean=(1.0,) * 3, std=(1.0,) * 3, spore_pixels=1, background_pixels=9)


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "training.md").read_text(encoding="utf-8")


def leaves(table: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and key not in ("options", "turns"):
            yield from leaves(value, f"{where}{key}.")
        else:
            yield f"{where}{key}", value


def said(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {said(each)}" for key, each in value.items()) + "}"
    return "none" if value is None else str(value).lower()


def test_the_table_of_keys_is_the_recipe(page: str) -> None:
    rows = {key: [cell.strip() for cell in cells] for key, *cells in ROW.findall(page)}
    default = dict(leaves(Recipe().to_dict()))
    built_in = [dict(leaves(find_recipe(name).to_dict())) for name in ("paper", "modern")]
    assert list(rows) == list(default)
    for key, (stated, *others) in rows.items():
        assert stated == said(default[key]), key
        for cell, values in zip(others, built_in, strict=True):
            assert (cell or stated) == said(values[key]), key


def commands(page: str) -> list[list[str]]:
    joined = page.replace("\\\n", " ")
    found = re.findall(r"^ {4}(?:torchrun .*-m )?(sporemetry [^#\n]*)", joined, re.MULTILINE)
    return [shlex.split(line) for line in found]


def test_every_command_exists_with_its_options(page: str) -> None:
    found = commands(page)
    assert {"train", "evaluate", "hard-examples", "dataset"} == {words[1] for words in found}
    for words in found:
        command: Any = typer.main.get_command(app)  # of click, or of the copy that typer brings
        rest = words[1:]
        while hasattr(command, "commands"):
            command = command.commands[rest.pop(0)]
        command.make_context(words[1], rest)  # raises where an option or an argument does not fit


def test_every_change_of_a_recipe_can_be_made(page: str) -> None:
    changed = [words for words in commands(page) if "--set" in words]
    assert len(changed) >= 3
    for words in changed:
        values = [value for option, value in pairwise(words) if option == "--set"]
        name = words[words.index("--recipe") + 1] if "--recipe" in words else "modern"
        build_criterion(find_recipe(name, parse_changes(values)).loss, STATISTICS)
    alone = re.findall(r"`--set \"?([^`\"]+)\"?`", page)
    assert len(alone) >= 4
    for change in alone:
        if change != "KEY=VALUE":
            find_recipe("paper", parse_changes([change]))


def test_the_file_that_it_shows_is_a_recipe(page: str) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert recipe_of(tomllib.loads(block)).steps == 2000


def test_every_network_is_named(page: str) -> None:
    line = page[page.index("\nNetworks: ") :].split("\n\n")[0]
    assert set(re.findall(r"`([^`]+)`", line)) == set(NETWORKS)


def test_its_python_imports_what_there_is(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, each.name) for each in node.names)
    exec(compile(blocks[1], "docs/training.md", "exec"), {})  # the one that needs no pictures


def test_its_links_lead_somewhere(page: str, repository: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page):
        assert (repository / "docs" / target).exists(), target
    for target in re.findall(r"`(tests/[^`]+)`", page):
        assert (repository / target).exists(), target

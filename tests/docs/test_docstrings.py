"""Every public name says what it is, in which units, what it raises, and shows it at work."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import irene_jupyter

NAMES = [name for name in irene_jupyter.__all__ if name != "__version__"]
# What has no unit: the shell's hooks, and the base of the errors.
WITHOUT_UNITS = {
    "IreneError", "devices", "load_ipython_extension", "unload_ipython_extension"
}  # fmt: skip
UNITS = ("joules", "seconds", "percent", "watts")


@pytest.fixture(autouse=True)
def _a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No profile of this machine's owner, no file left here, no shell, no primitive kept."""
    from irene_jupyter.capture.count import primitives

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    known = set(primitives._registered)
    yield
    for name in set(primitives._registered) - known:
        primitives.unregister_primitive(name)
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name: str) -> None:
    value = getattr(irene_jupyter, name)
    finder = doctest.DocTestFinder(recurse=False)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    tests = finder.find(value, name, globs=dict(vars(irene_jupyter)))
    assert sum(len(test.examples) for test in tests), f"{name} has no example"
    said: list[str] = []
    for test in tests:
        runner = doctest.DocTestRunner(optionflags=flags)
        failed, _ = runner.run(test, out=said.append)
        assert not failed, "".join(said)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_its_units_and_errors(name: str) -> None:
    text = inspect.getdoc(getattr(irene_jupyter, name)) or ""
    if not name.endswith("Error"):
        assert "Raises" in text, f"{name}: which errors?"
    if name not in WITHOUT_UNITS:
        assert any(unit in text for unit in UNITS), f"{name}: in which units?"


def members() -> Iterator[tuple[str, Any]]:
    for name in NAMES:
        value = getattr(irene_jupyter, name)
        if inspect.isclass(value):
            for each, member in vars(value).items():
                if not each.startswith("_") and (callable(member) or isinstance(member, property)):
                    yield f"{name}.{each}", member


@pytest.mark.parametrize(
    ("name", "member"), [pytest.param(*each, id=each[0]) for each in members()]
)
def test_every_public_member_has_a_docstring(name: str, member: Any) -> None:
    assert inspect.getdoc(member), f"{name} has no docstring"

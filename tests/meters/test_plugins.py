"""Counters of installed packages: real entry points, good ones and such as do what they like."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machine import Powercap

from irene_jupyter import doctor
from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.meters.counters.plugins import GROUP, plugged_in
from irene_jupyter.resources.boards import Boards

DOCS = Path(__file__).parents[2] / "docs/counter-plugins.md"
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package of one module, as pip leaves it in site-packages."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules = []

    def make(name: str, code: str, entry: str = "find") -> None:
        (site / f"{name}.py").write_text(textwrap.dedent(code))
        info = site / f"{name}-0.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}:{entry}\n")
        modules.append(name)

    yield make
    for name in modules:
        sys.modules.pop(name, None)


SOURCE = """
    from irene_jupyter.meters.base import CounterSource
    told = iter({values})
    def find():
        return [CounterSource("board A", "{scope}", lambda: next(told))]
"""


def around(root: Path) -> Counters:
    counters = Counters(root)
    counters.start(Boards(0.17))
    counters.stop()
    return counters


def test_the_example_of_the_docs_is_counted(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[0]
    assert len(example.strip().splitlines()) <= 10
    file = tmp_path / "energy1_input"
    file.write_text("7000000\n")
    install("my_counters", example)
    import my_counters  # type: ignore[import-not-found]

    monkeypatch.setattr(my_counters, "FILE", file)
    counters = Counters(tmp_path / "none")
    counters.start(Boards(0.17))
    file.write_text("19500000\n")
    counters.stop()
    (found,) = counters.counted
    assert (found.reading.joules, found.reading.scope) == (12.5, "cpu")
    assert found.reading.source == "my processor (my_counters)"
    assert counters.absent == ()  # RAPL is not missed


def test_what_rapl_counts_is_not_counted_twice(install: Install, powercap: Powercap) -> None:
    install("twice", SOURCE.format(values=[1, 2, 3], scope="cpu"))
    counters = Counters(powercap.root)
    counters.start(Boards(0.17))
    powercap.energy(25)
    counters.stop()
    assert [e.reading.source for e in counters.counted] == ["CPU package 0 (RAPL)"]
    assert "board A (twice)" in [each.name for each in counters.absent]


def test_it_stands_in_where_rapl_may_not_be_read(install: Install, powercap: Powercap) -> None:
    (powercap.root / "intel-rapl:0/energy_uj").unlink()
    install("other", SOURCE.format(values=[1, 2, 3], scope="cpu"))
    counters = around(powercap.root)
    assert [e.reading.source for e in counters.counted] == ["board A (other)"]
    assert "cpu" not in [each.scope for each in counters.absent]


BROKEN = {
    "does_not_import": "import nothing_of_that_name",
    "leaves": "raise SystemExit(3)",
    "raises": "def find(): raise OSError('no driver')",
    "returns_none": "def find(): return None",
    "returns_words": "def find(): return ['gpu']",
    "another_scope": SOURCE.format(values=[1], scope="moon"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_a_note_without_a_scope(
    install: Install, powercap: Powercap, name: str
) -> None:
    install(name, BROKEN[name])
    counters = Counters(powercap.root)
    counters.start(Boards(0.17))
    powercap.energy(30)
    counters.stop()
    assert [each.reading.joules for each in counters.counted] == [25.0]
    (gap,) = (each for each in counters.absent if each.scope is None)
    assert f"counter plug-in {name}: " in gap.reason
    (line,) = (e for e in doctor.examine(powercap=powercap.root) if name in e.name)
    assert line.state == "missing"
    assert f"{name} 0.1" in (line.remedy or "")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([5, 4], "went backwards"),
        ([5, 5], "stood still"),
        ([5, float("nan")], "which is no energy"),
        ([5], "StopIteration"),
        ([], "StopIteration"),
        (["x"], "ValueError"),
    ],
)
def test_a_counter_that_lies_or_fails_has_no_number(
    install: Install, tmp_path: Path, values: list[object], why: str
) -> None:
    install("odd", SOURCE.format(values=values, scope="gpu").replace("nan", "float('nan')"))
    counters = around(tmp_path)
    assert counters.counted == ()
    (gap,) = (each for each in counters.absent if each.name == "board A (odd)")
    assert gap.scope == "gpu"
    assert why in gap.reason


def test_doctor_lists_them(install: Install, tmp_path: Path) -> None:
    install("good", SOURCE.format(values=[1, 2, 3], scope="gpu"))
    install("elsewhere", "def find(): return []")
    assert [each.name for each in plugged_in()] == ["elsewhere", "good"]
    text = doctor.as_text(doctor.examine(powercap=tmp_path))
    assert re.search(r"ok +GPU board energy: board A \(good\)\s+[\d.e+]+ W just now", text)
    assert re.search(r"limited +counter plug-in elsewhere +elsewhere 0.1 finds no counter", text)

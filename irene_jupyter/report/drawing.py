"""The machine over time as a drawing of our own: SVG for a page, signs for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from irene_jupyter.columns import aligned
from irene_jupyter.report.colours import MORE
from irene_jupyter.report.units import format_seconds, printable

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

NOTHING = "Nothing was sampled while this ran."
_WIDTH, _ROW, _GAP, _TOP = 560, 48, 22, 4  # pixels
_SIGNS = "▁▂▃▄▅▆▇█"
_COLUMNS = 60
_LABELS = {"cpu_percent": ("CPU", "%"), "memory_percent": ("memory", "%")}
_GPU_LABELS = {
    "utilisation_percent": ("utilisation", "%"),
    "memory_percent": ("memory", "%"),
    "sm_clock_megahertz": ("SM clock", "MHz"),
    "memory_clock_megahertz": ("memory clock", "MHz"),
    "watts": ("power", "W"),
    "counter_watts": ("power by counter", "W"),
}


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the drawing; None is an unknown value and leaves a gap."""

    label: str
    unit: str
    values: tuple[float | None, ...]

    @property
    def top(self) -> float:
        """The scale's end: 100 for percent, else the highest value."""
        most = max((value for value in self.values if value is not None), default=0.0)
        return 100.0 if self.unit == "%" else most or 1.0


@dataclass(frozen=True, slots=True, repr=False)
class TimelineDrawing:
    """What `report.plot_timeline()` shows; `svg` is complete in itself, without scripts."""

    seconds: tuple[float, ...]
    series: tuple[Series, ...]

    @classmethod
    def of(cls, report: EnergyReport) -> TimelineDrawing:
        """The series of the report's timeline that hold a value."""
        timeline = (report.resources or {}).get("timeline")
        found = timeline if isinstance(timeline, Mapping) else {}
        seconds = _numbers(found.get("seconds"))
        rows = [_series(found, key, *names) for key, names in _LABELS.items()]
        gpus = found.get("gpus")
        for gpu in gpus if isinstance(gpus, list) else ():
            if isinstance(gpu, Mapping):
                board = printable(str(gpu.get("name", "GPU")), 40)
                rows += [
                    _series(gpu, key, f"{board} {label}", unit)
                    for key, (label, unit) in _GPU_LABELS.items()
                ]
        if any(value is None for value in seconds):
            return cls((), ())
        times = tuple(value for value in seconds if value is not None)
        known = [
            row
            for row in rows
            if len(row.values) == len(times) and any(v is not None for v in row.values)
        ]
        return cls(times, tuple(known))

    @property
    def svg(self) -> str:
        """The drawing in the reader's own colours."""
        height = _TOP + len(self.series) * (_ROW + _GAP) + 16
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" height="{height}" role="img" fill="none" stroke="currentColor" '
            f'font-family="system-ui,sans-serif" font-size="12"><title>{escape(str(self))}</title>'
        ]
        y = _TOP
        for series in self.series:
            label = f"{series.label}, {series.unit} (0 to {series.top:.4g})"
            parts.append(
                f'<text x="0" y="{y + 12}" fill="currentColor" stroke="none">{escape(label)}</text>'
                f'<path d="M0 {y + 16 + _ROW}H{_WIDTH}" opacity=".3"/>'
                f'<path d="{self._path(series, y + 16)}" stroke="{MORE}" stroke-width="1.5"/>'
            )
            y += _ROW + _GAP
        end = format_seconds(self.seconds[-1]) if self.seconds else NOTHING
        parts.append(
            f'<text x="{_WIDTH}" y="{y + 12}" text-anchor="end" fill="currentColor" '
            f'stroke="none">{escape(end)}</text></svg>'
        )
        return "".join(parts)

    def _path(self, series: Series, top: float) -> str:
        span = (self.seconds[-1] - self.seconds[0]) or 1.0
        path, pen = [], "M"
        for seconds, value in zip(self.seconds, series.values, strict=True):
            if value is None:
                pen = "M"
                continue
            x = _WIDTH * (seconds - self.seconds[0]) / span
            y = top + _ROW * (1 - min(1.0, max(0.0, value / series.top)))
            path.append(f"{pen}{x:.1f} {y:.1f}")
            pen = "L"
        return "".join(path)

    def __str__(self) -> str:
        if not self.series:
            return NOTHING
        rows = [
            (each.label, _signs(each), f"0 to {each.top:.4g} {each.unit}") for each in self.series
        ]
        return aligned(rows, "<<<")

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": str(self)}


def _signs(series: Series) -> str:
    values = series.values[:: -(-len(series.values) // _COLUMNS)]
    last = len(_SIGNS) - 1
    return "".join(
        " " if v is None else _SIGNS[round(last * min(1.0, max(0.0, v / series.top)))]
        for v in values
    )


def _series(data: Mapping[str, Any], key: str, label: str, unit: str) -> Series:
    return Series(label, unit, _numbers(data.get(key)))


def _numbers(values: Any) -> tuple[float | None, ...]:
    """A column of a report that may come from a file: numbers, all else unknown."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    return tuple(
        float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None for v in values
    )

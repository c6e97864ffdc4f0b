"""A powercap tree and a driver's library that tests can break at will."""

from __future__ import annotations

import time
import types
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pynvml
import pytest

from irene_jupyter.resources.kept_session import KEPT


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


class Powercap:
    """Files as in /sys/class/powercap, with a package, its subzones and psys."""

    RANGE = 262_143_328_850  # microjoules, as on most Intel processors

    def __init__(self, root: Path) -> None:
        self.root = root
        self.zone("intel-rapl:0", "package-0")
        self.zone("intel-rapl:0:0", "core")
        self.zone("intel-rapl:0:1", "dram")
        self.zone("intel-rapl:1", "psys")
        self.zone("intel-rapl-mmio:0", "package-0")
        (root / "dtpm").mkdir()

    def zone(self, folder: str, name: str, energy: int = 5_000_000) -> Path:
        zone = self.root / folder
        zone.mkdir(parents=True)
        (zone / "name").write_text(f"{name}\n")
        (zone / "energy_uj").write_text(f"{energy}\n")
        (zone / "max_energy_range_uj").write_text(f"{self.RANGE}\n")
        return zone

    def energy(self, joules: float, folder: str = "intel-rapl:0") -> None:
        (self.root / folder / "energy_uj").write_text(f"{round(joules * 1e6)}\n")


class Driver:
    """The answers of NVIDIA's library; `say` replaces one.

    `asked` counts the calls, each of which takes the processor `seconds_a_call`; reading the
    energy counter takes it `counter_seconds` more, and `counter_readings` counts how often.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, boards: int = 1) -> None:
        KEPT.close()  # of the driver before
        self.patch = monkeypatch
        self.calls: list[str] = []
        self.asked: Counter[str] = Counter()
        self.seconds_a_call = 0.0
        self.counter_seconds = 0.0
        self.counter_readings = 0
        self.joules = 1000.0
        self.watts = 70.0
        self.celsius = 40
        self.limit_watts = self.usual_limit_watts = 300.0
        self.processes: list[int] = []
        self.reasons = 0
        answers: dict[str, Callable[..., Any]] = {
            "nvmlInit": lambda: self.calls.append("init"),
            "nvmlShutdown": lambda: self.calls.append("shutdown"),
            "nvmlDeviceGetCount": lambda: boards,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetName": lambda handle: "Board A",
            "nvmlDeviceGetUUID": lambda handle: f"GPU-{'abcdefgh'[handle]}",
            "nvmlDeviceGetUtilizationRates": lambda handle: types.SimpleNamespace(gpu=50),
            "nvmlDeviceGetMemoryInfo": lambda handle: types.SimpleNamespace(used=1, total=4),
            "nvmlDeviceGetClockInfo": lambda handle, kind: 1500,
            "nvmlDeviceGetTemperature": lambda handle, kind: self.celsius,
            "nvmlDeviceGetEnforcedPowerLimit": lambda handle: round(1000 * self.limit_watts),
            "nvmlDeviceGetPowerManagementDefaultLimit": lambda handle: round(
                1000 * self.usual_limit_watts
            ),
            "nvmlDeviceGetPowerUsage": lambda handle: round(self.watts * 1000),
            "nvmlDeviceGetTotalEnergyConsumption": lambda handle: self._millijoules(),
            "nvmlDeviceGetCurrentClocksEventReasons": lambda handle: self.reasons,
            "nvmlDeviceGetComputeRunningProcesses": lambda handle: [
                types.SimpleNamespace(pid=pid) for pid in self.processes
            ],
        }
        for name, answer in answers.items():
            self.say(name, answer)
        self.fail("nvmlDeviceGetFieldValues", pynvml.NVML_ERROR_NOT_SUPPORTED)

    def say(self, name: str, answer: Callable[..., Any]) -> None:
        def counted(*args: Any) -> Any:
            self.asked[name.removeprefix("nvmlDeviceGet")] += 1
            _busy(self.seconds_a_call)
            return answer(*args)

        self.patch.setattr(pynvml, name, counted)

    def _millijoules(self) -> int:
        self.counter_readings += 1
        _busy(self.counter_seconds)
        return round(self.joules * 1000)

    def fail(self, name: str, code: int = pynvml.NVML_ERROR_GPU_IS_LOST) -> None:
        def answer(*_: object) -> Any:
            raise pynvml.NVMLError(code)

        self.say(name, answer)

    def offer_fields(self, *refused: int, code: int = pynvml.NVML_ERROR_NOT_SUPPORTED) -> None:
        """A driver with field values; the `refused` ones come with an error instead."""
        values = {
            pynvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION: lambda: {"ullVal": self._millijoules()},
            pynvml.NVML_FI_DEV_POWER_INSTANT: lambda: {"uiVal": round(self.watts * 1000)},
        }

        def answer(handle: int, fields: Sequence[int]) -> list[Any]:
            found = []
            for field in fields:
                value = pynvml.c_nvmlFieldValue_t(fieldId=field)
                value.nvmlReturn = code if field in refused else pynvml.NVML_SUCCESS
                if field not in refused:
                    value.value = pynvml.c_nvmlValue_t(**values[field]())
                found.append(value)
            return found

        self.say("nvmlDeviceGetFieldValues", answer)

    def without_counter(self) -> None:
        """A board before Volta."""
        self.fail("nvmlDeviceGetTotalEnergyConsumption", pynvml.NVML_ERROR_NOT_SUPPORTED)


def _busy(seconds: float) -> None:
    """Keeps a processor at work."""
    until = time.thread_time() + seconds
    while seconds and time.thread_time() < until:
        pass

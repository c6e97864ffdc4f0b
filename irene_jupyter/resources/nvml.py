"""The one door to pynvml: NVIDIA GPUs, read through the driver's library.

pynvml (package nvidia-ml-py) is imported when a session is opened, and its errors are turned
into `ResourceError` or None here and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from irene_jupyter.resources.board_facts import BoardFacts, lanes
from irene_jupyter.resources.proc import ResourceError


class NoGpu(ResourceError):  # noqa: N818 - a state of the machine, seldom an error
    """This machine has no NVIDIA GPU or no NVIDIA driver."""


@dataclass(frozen=True, slots=True)
class GpuPower:
    """What a board has used and uses; None where it does not tell, or `problem` says why not."""

    joules: float | None  # the board's own energy counter, since the driver was loaded
    watts: float | None  # now, or else the driver's mean over its last second
    problem: str | None = None
    has_asked_counter: bool = True  # for the joules, which may be dear
    is_instant: bool = False  # the watts are those of now


@dataclass(frozen=True, slots=True)
class GpuState:
    """How a board is at work; None where the driver does not tell (MIG, old boards)."""

    utilisation_percent: float | None  # time with a kernel running, in the driver's last window
    memory_percent: float | None
    sm_clock_megahertz: float | None
    memory_clock_megahertz: float | None
    throttling: tuple[str, ...] = ()  # why the clocks are held down
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class GpuLimits:
    """What a board may draw and how warm it is; None where the driver does not tell."""

    celsius: float | None
    limit_watts: float | None  # that is set
    usual_limit_watts: float | None


CALLS_OF_STATE = 5
# Why clocks are held down, by bits of nvmlClocksEventReasons; power capping at full load is
# ordinary on many boards, but energy then depends on the cap.
_THROTTLING = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "temperature (software)",
    0x40: "temperature (hardware)",
    0x80: "power brake",
}


# A board's readings in thousandths: the field's number, the field's type (nvml.h: unsigned long
# long, unsigned int), and the call of its own for drivers without the field. On Ampere and newer
# the field is the power now, and the call a mean over a second.
_READINGS = {
    "joules": (
        "NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
        "ullVal",
        "nvmlDeviceGetTotalEnergyConsumption",
    ),
    "watts": ("NVML_FI_DEV_POWER_INSTANT", "uiVal", "nvmlDeviceGetPowerUsage"),
}


class NvmlSession:
    """The driver's library, held open until `close`.

    Raises `NoGpu` where there is none, `ResourceError` when the driver refuses.
    """

    def __init__(self) -> None:
        import pynvml

        self._nvml: Any = pynvml
        self._open = False
        try:
            pynvml.nvmlInit()
            self._open = True
            handles = [
                pynvml.nvmlDeviceGetHandleByIndex(index)
                for index in range(pynvml.nvmlDeviceGetCount())
            ]
            self.names = tuple(_text(pynvml.nvmlDeviceGetName(handle)) for handle in handles)
            self.uuids = tuple(self._uuid(handle) for handle in handles)
        except pynvml.NVMLError as error:
            self.close()
            if getattr(error, "value", None) in (
                pynvml.NVML_ERROR_LIBRARY_NOT_FOUND,
                pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
            ):
                raise NoGpu("this machine has no NVIDIA driver") from error
            raise ResourceError(
                f"GPU: the NVIDIA driver answers '{error}'; `nvidia-smi` may tell more"
            ) from error
        except BaseException:
            self.close()
            raise
        if not handles:
            self.close()
            raise NoGpu("this machine has no NVIDIA GPU")
        self._handles = handles
        self._fields: list[set[str]] = []  # those of `_READINGS` that a board may have
        self._lacking: set[tuple[int, str]] = set()  # readings that it does not support
        self._has_failed = False
        self._forget()

    def renew(self) -> bool:
        """For another block: whether the driver still answers as it did when this was opened.

        What the boards lack is asked anew, as they may have been divided (MIG) or made whole.
        """
        self._forget()
        try:
            return not self._has_failed and self._nvml.nvmlDeviceGetCount() == len(self._handles)
        except self._nvml.NVMLError:
            return False

    def power(self, index: int, *, counter: bool = True) -> GpuPower:
        """In one call where the driver has fields; else, and for those that fail, a call each.

        A call takes about a millisecond of the processor on virtual machines; on some that is
        the energy `counter` alone, and power takes microseconds.
        """
        names = [name for name in _READINGS if counter or name != "joules"]
        found: dict[str, float | None] = {"joules": None, **self._by_fields(index, names)}
        is_instant = "watts" in found
        problem = None
        for name in names:
            if found.get(name) is None:
                ask = getattr(self._nvml, _READINGS[name][2])
                value, failed = self._ask(index, name, ask)
                found[name] = None if value is None else value / 1000
                problem = problem or failed
        return GpuPower(**found, problem=problem, has_asked_counter=counter, is_instant=is_instant)

    def state(self, index: int) -> GpuState:
        """In `CALLS_OF_STATE` calls: there are no fields for these."""
        nvml = self._nvml
        questions: dict[str, Callable[[Any], float]] = {
            "utilisation_percent": lambda handle: nvml.nvmlDeviceGetUtilizationRates(handle).gpu,
            "memory_percent": lambda handle: _memory_percent(nvml, handle),
            "sm_clock_megahertz": lambda handle: nvml.nvmlDeviceGetClockInfo(
                handle, nvml.NVML_CLOCK_SM
            ),
            "memory_clock_megahertz": lambda handle: nvml.nvmlDeviceGetClockInfo(
                handle, nvml.NVML_CLOCK_MEM
            ),
        }
        found = {name: self._ask(index, name, question) for name, question in questions.items()}
        problems = [problem for _, problem in found.values() if problem]
        return GpuState(
            **{name: value for name, (value, _) in found.items()},
            throttling=self._throttling(index),
            problem=problems[0] if problems else None,
        )

    def limits(self, index: int) -> GpuLimits:
        """In a call each."""
        nvml = self._nvml
        questions: dict[str, Callable[[Any], float]] = {
            "celsius": lambda handle: nvml.nvmlDeviceGetTemperature(
                handle, nvml.NVML_TEMPERATURE_GPU
            ),
            "limit_watts": lambda handle: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000,
            "usual_limit_watts": lambda handle: (
                nvml.nvmlDeviceGetPowerManagementDefaultLimit(handle) / 1000
            ),
        }
        return GpuLimits(
            **{name: self._ask(index, name, question)[0] for name, question in questions.items()}
        )

    def processes(self, index: int) -> frozenset[int] | None:
        """Processes with a context on the board; None where the driver does not tell.

        The numbers are the host's: in a container this process may not find itself in them.
        """
        try:
            found = self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handles[index])
            return frozenset(int(process.pid) for process in found)
        except (self._nvml.NVMLError, AttributeError):
            return None

    def facts(self, index: int) -> BoardFacts | None:
        """What the board is able to do; None where the driver does not tell all of it."""
        nvml, handle = self._nvml, self._handles[index]
        try:
            major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
            cores = nvml.nvmlDeviceGetNumGpuCores(handle)
            bits = nvml.nvmlDeviceGetMemoryBusWidth(handle)
            megahertz, of_memory = (
                nvml.nvmlDeviceGetMaxClockInfo(handle, clock)
                for clock in (nvml.NVML_CLOCK_SM, nvml.NVML_CLOCK_MEM)
            )
            milliwatts = nvml.nvmlDeviceGetEnforcedPowerLimit(handle)
            memory = nvml.nvmlDeviceGetMemoryInfo(handle).total
        except (nvml.NVMLError, AttributeError):
            return None
        return BoardFacts(
            board=self.names[index],
            source="its driver",
            power_limit_watts=milliwatts / 1000,
            # NVML tells the clock of a memory of double data rate.
            bytes_per_second=2e6 * of_memory * bits / 8,
            multiprocessors=cores / lanes((major, minor)),
            hertz=megahertz * 1e6,
            compute_capability=(major, minor),
            memory_bytes=float(memory),
        )

    def _throttling(self, index: int) -> tuple[str, ...]:
        nvml = self._nvml
        try:
            ask = getattr(nvml, "nvmlDeviceGetCurrentClocksEventReasons", None)
            ask = ask or nvml.nvmlDeviceGetCurrentClocksThrottleReasons
            bits = int(ask(self._handles[index]))
        except (nvml.NVMLError, AttributeError):
            return ()
        return tuple(text for bit, text in _THROTTLING.items() if bits & bit)

    def _forget(self) -> None:
        self._fields = [set(_READINGS) for _ in self._handles]
        self._lacking.clear()

    def _by_fields(self, index: int, wanted: Sequence[str]) -> dict[str, float]:
        """The readings that come as fields; one that fails is not asked for as a field again."""
        names, nvml = [name for name in wanted if name in self._fields[index]], self._nvml
        if not names:
            return {}
        try:
            values = nvml.nvmlDeviceGetFieldValues(
                self._handles[index], [getattr(nvml, _READINGS[name][0]) for name in names]
            )
        except nvml.NVMLError:
            self._fields[index].clear()
            return {}
        found = {
            name: number / 1000
            for name, value in zip(names, values, strict=True)
            # No board uses nothing: its own call is to say so.
            if value.nvmlReturn == nvml.NVML_SUCCESS
            and (number := float(getattr(value.value, _READINGS[name][1]))) > 0
        }
        self._fields[index].difference_update(set(names) - set(found))
        return found

    def _ask(
        self, index: int, name: str, question: Callable[[Any], float]
    ) -> tuple[float | None, str | None]:
        """The answer, or why it failed; neither where the board does not support it."""
        if (index, name) in self._lacking:
            return None, None
        try:
            return float(question(self._handles[index])), None
        except self._nvml.NVMLError as error:
            if getattr(error, "value", None) == self._nvml.NVML_ERROR_NOT_SUPPORTED:
                self._lacking.add((index, name))
                return None, None
            self._has_failed = True
            return None, f"a reading failed, the driver answers '{error}'"

    def _uuid(self, handle: Any) -> str | None:
        try:
            return _text(self._nvml.nvmlDeviceGetUUID(handle))
        except self._nvml.NVMLError:
            return None

    def close(self) -> None:
        """Gives the library back; a second call does nothing."""
        if self._open:
            self._open = False
            with contextlib.suppress(self._nvml.NVMLError):
                self._nvml.nvmlShutdown()


def driver_facts(index: int = 0) -> BoardFacts | None:
    """Of the board at `index` in the driver's order; None without a driver that tells all."""
    try:
        session = NvmlSession()
    except ResourceError:
        return None
    try:
        return session.facts(index) if index < len(session.names) else None
    finally:
        session.close()


def _memory_percent(nvml: Any, handle: Any) -> float:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return 100.0 * float(memory.used) / float(memory.total)


def _text(name: str | bytes) -> str:
    """The name of a board: bytes before nvidia-ml-py 12."""
    return name.decode(errors="replace") if isinstance(name, bytes) else name

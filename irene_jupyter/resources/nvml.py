"""The one door to pynvml: NVIDIA GPUs, read through the driver's library.

pynvml (package nvidia-ml-py) is imported when a session is opened, and its errors are turned
into `ResourceError` or None here and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from irene_jupyter.resources.proc import ResourceError


class NoGpu(ResourceError):  # noqa: N818 - a state of the machine, seldom an error
    """This machine has no NVIDIA GPU or no NVIDIA driver."""


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One reading of one GPU; None where the driver does not tell (MIG, old boards)."""

    utilisation_percent: float | None  # time with a kernel running, in the driver's last window
    memory_percent: float | None
    sm_clock_megahertz: float | None
    memory_clock_megahertz: float | None
    watts: float | None
    joules: float | None = None  # the board's own energy counter, since the driver was loaded


# Why clocks are held down, by bits of nvmlClocksEventReasons; power capping at full load is
# ordinary on many boards, but energy then depends on the cap.
_THROTTLING = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "temperature (software)",
    0x40: "temperature (hardware)",
    0x80: "power brake",
}


class Unsupported(ResourceError):  # noqa: N818 - a property of a board, seldom an error
    """This board does not offer the reading."""


class NvmlSession:
    """The driver's library, held open until `close`.

    Raises `NoGpu` where there is none, `ResourceError` when the driver refuses.
    """

    def __init__(self) -> None:
        import pynvml

        self._nvml: Any = pynvml
        self._open = False
        self.problems: set[str] = set()  # readings that failed, beside those not supported
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

    def read(self) -> tuple[GpuSample, ...]:
        """A sample of each GPU, in the order of `names`."""
        return tuple(self._read_one(handle) for handle in self._handles)

    def _read_one(self, handle: Any) -> GpuSample:
        nvml = self._nvml
        return GpuSample(
            utilisation_percent=self._ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            memory_percent=self._ask(lambda: _memory_percent(nvml, handle)),
            sm_clock_megahertz=self._ask(
                lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)
            ),
            memory_clock_megahertz=self._ask(
                lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM)
            ),
            watts=self._ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000),
            joules=self._ask(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000),
        )

    # --- for counters: one board, and a reading that fails raises --------------------------------

    def joules(self, index: int) -> float:
        """The board's energy since the driver was loaded. Raises `Unsupported`, `ResourceError`."""
        return self._insist(
            lambda nvml, handle: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000, index
        )

    def watts(self, index: int) -> float:
        """The board's power now, or else the driver's mean over its last second.

        Raises `Unsupported`, `ResourceError`.
        """
        try:
            return self._insist(_instant_watts, index)
        except Unsupported:
            return self._insist(
                lambda nvml, handle: nvml.nvmlDeviceGetPowerUsage(handle) / 1000, index
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

    def throttling(self, index: int) -> tuple[str, ...]:
        """Why the clocks are held down now; empty where they are not, or nobody tells."""
        nvml = self._nvml
        try:
            ask = getattr(nvml, "nvmlDeviceGetCurrentClocksEventReasons", None)
            ask = ask or nvml.nvmlDeviceGetCurrentClocksThrottleReasons
            bits = int(ask(self._handles[index]))
        except (nvml.NVMLError, AttributeError):
            return ()
        return tuple(text for bit, text in _THROTTLING.items() if bits & bit)

    def _insist(self, question: Callable[[Any, Any], float], index: int) -> float:
        try:
            return float(question(self._nvml, self._handles[index]))
        except self._nvml.NVMLError as error:
            if getattr(error, "value", None) == self._nvml.NVML_ERROR_NOT_SUPPORTED:
                raise Unsupported(f"GPU {index} does not offer this reading") from error
            raise ResourceError(f"GPU {index}: the driver answers '{error}'") from error

    def _uuid(self, handle: Any) -> str | None:
        try:
            return _text(self._nvml.nvmlDeviceGetUUID(handle))
        except self._nvml.NVMLError:
            return None

    def _ask(self, question: Callable[[], float]) -> float | None:
        try:
            return float(question())
        except self._nvml.NVMLError as error:
            if getattr(error, "value", None) != self._nvml.NVML_ERROR_NOT_SUPPORTED:
                self.problems.add(f"GPU: a reading failed, the driver answers '{error}'")
            return None

    def close(self) -> None:
        """Gives the library back; a second call does nothing."""
        if self._open:
            self._open = False
            with contextlib.suppress(self._nvml.NVMLError):
                self._nvml.nvmlShutdown()


def _memory_percent(nvml: Any, handle: Any) -> float:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return 100.0 * float(memory.used) / float(memory.total)


def _instant_watts(nvml: Any, handle: Any) -> float:
    """Power now: on Ampere and newer the ordinary reading is a mean over a second."""
    (value,) = nvml.nvmlDeviceGetFieldValues(handle, [nvml.NVML_FI_DEV_POWER_INSTANT])
    if value.nvmlReturn != 0:
        raise nvml.NVMLError(value.nvmlReturn)
    return float(value.value.uiVal) / 1000


def _text(name: str | bytes) -> str:
    """The name of a board: bytes before nvidia-ml-py 12."""
    return name.decode(errors="replace") if isinstance(name, bytes) else name

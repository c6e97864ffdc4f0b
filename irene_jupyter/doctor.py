"""What this machine can measure, what is missing, and what helps: facts for a person or as JSON."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from irene_jupyter.attribution.estimate import machine_label
from irene_jupyter.columns import aligned
from irene_jupyter.errors import IreneError
from irene_jupyter.meters.base import METERS, SCOPE_NAMES, EnergyReading, MeterError
from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.meters.counters.plugin_counter import PluginCounter
from irene_jupyter.meters.counters.plugins import plugged_in
from irene_jupyter.meters.counters.rapl_rights import remedy
from irene_jupyter.meters.counters.rapl_zones import POWERCAP, rapl_counters
from irene_jupyter.meters.emonpi.transport import serial_ports
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.resources.nvml import NoGpu, NvmlSession
from irene_jupyter.resources.proc import ProcReader, ResourceError
from irene_jupyter.resources.processor import this_processor
from irene_jupyter.resources.rated_power import EXTRA, has_table, rated_power

State = Literal["ok", "limited", "missing"]

# Long enough for RAPL's counter to move; NVML's may need up to 0.1 s.
_MOVE_SECONDS = 0.12
# Two readings of the slowest meters, and the start of a board that opening its port has reset.
_METER_SECONDS = 30.0
_COLUMNS, _NAME_COLUMNS = 80, 28
_PACKAGE = "CPU package energy"
_PORT = "a serial port ({}), at which an emonPi may be"


@dataclass(frozen=True, slots=True)
class Finding:
    """One ability of this machine: whether it is there, what was found, and what would help."""

    name: str
    state: State
    found: str
    remedy: str | None = None


def examine(
    *,
    proc: Path = Path("/proc"),
    powercap: Path = POWERCAP,
    open_nvml: Callable[[], NvmlSession] = NvmlSession,
) -> tuple[Finding, ...]:
    """All findings. Nothing is changed, and nothing raises for what a machine lacks."""
    return (
        _processor(proc),
        *_package_energy(powercap),
        *_gpus(open_nvml),
        *_plugins(),
        *_serial_ports(),
        _estimate(),
        _torch(),
        _profile(),
        _program(
            "figures (Graphviz)",
            "dot",
            "report.to_graphviz() draws with it: `sudo apt install graphviz`, `brew install "
            "graphviz`, or see graphviz.org",
        ),
        _package(
            "notebooks", "ipykernel", "`pip install 'irene-jupyter[lab]'` into the same environment"
        ),
    )


def try_meter(name: str, **options: Any) -> Finding:
    """A power meter, read for as long as two readings take; as `open_meter` names and opens it."""
    label = "power meter"
    try:
        with open_meter(name, **options) as meter:
            if not meter.wait(2, _METER_SECONDS):
                found = f"{name}: no reading in {_METER_SECONDS:.0f} s"
                return Finding(label, "missing", found, meter.silent_remedy)
            first, last = meter.samples()[0], meter.samples()[-1]
            assert last.sample is not None
            seconds = (last.monotonic - first.monotonic) / (len(meter.samples()) - 1)
            told = f"{name}: {last.sample.watts:.4g} W just now, a reading every {seconds:.2g} s"
            if meter.is_simulated:
                return Finding(label, "limited", f"{told}: SIMULATED, nothing is measured")
            return Finding(label, "ok", f"{told} ({meter.source})")
    except MeterError as error:
        return Finding(label, "missing", str(error), None)


def document(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Strict JSON: the findings, and what a cell's energy would be called here."""
    return {
        "findings": [asdict(each) for each in findings],
        "energy": energy_line(findings),
        "python": sys.version.split()[0],
    }


def energy_line(findings: tuple[Finding, ...]) -> str:
    """In a line: where a cell's joules come from on this machine."""
    scopes = []
    for name, scope in ((_PACKAGE, "CPU package"), ("GPU", "GPU board")):
        if any(each.name.startswith(name) and each.state == "ok" for each in findings):
            scopes.append(scope)
    calibrated = any(e.name == "device profile" and e.state == "ok" for e in findings)
    if scopes:
        return f"a cell's energy is measured ({', '.join(scopes)}); modules are predicted shares"
    if calibrated:
        return "a cell's energy is predicted from this machine's own profile"
    return (
        "a cell's energy is estimated for this machine, by its processor's rated power and load; "
        "on a GPU without a counter it is predicted"
    )


def as_text(findings: tuple[Finding, ...]) -> str:
    """The findings for a terminal, 80 columns wide but for commands of their own lines."""
    widths = [len(each.name) for each in findings if len(each.name) <= _NAME_COLUMNS]
    indent = " " * (max(widths, default=0) + 11)
    lines = []
    for each in findings:
        head = f"{each.state:<8} {each.name}  "
        if len(head) > len(indent):  # a long name has a line of its own
            lines.append(head.rstrip())
            head = indent
        lines += _wrapped(f"{head:<{len(indent)}}{each.found}", indent)
        if each.remedy:
            first, *more = each.remedy.splitlines()
            lines += _wrapped(f"{indent}→ {first}", f"{indent}  ")
            lines += more  # commands, to be copied: from the line's begin, so that none is broken
    return "\n".join([*lines, "", *_wrapped(f"So here {energy_line(findings)}.", "")])


def _wrapped(line: str, indent: str) -> list[str]:
    """A line in lines of 80 columns, but for longer words such as paths."""
    return textwrap.wrap(
        line,
        _COLUMNS,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def which_meter(
    *, powercap: Path = POWERCAP, open_nvml: Callable[[], NvmlSession] = NvmlSession
) -> str:
    """What to ask of somebody who named no meter: those that this machine has, and the others."""
    packages = [e for e in _package_energy(powercap) if e.name.startswith(_PACKAGE)]
    groups = (("rapl", packages), ("nvml", _gpus(open_nvml)))
    here = [(f"emonpi:{device}", _PORT.format(what)) for device, what in serial_ports()]
    missing = []
    for word, findings in groups:
        good = [each for each in findings if each.state == "ok"]
        if good:
            here.append((word, "; ".join(f"{each.name}, {each.found}" for each in good)))
        missing += [f"{word} is not here: {each.found}" for each in findings if each not in good]
    rows = [*here, ("simulated", "measures nothing: to see how a calibration goes")]
    table = "\n".join(f"  {line}" for line in aligned(rows, "<<").splitlines())
    return "\n".join(
        [
            f"which meter? On this machine --meter may be\n{table}",
            *missing,
            f"In all there are {METERS}; docs/meters.md tells how to connect one",
        ]
    )


def _processor(proc: Path) -> Finding:
    name = "CPU and memory use"
    try:
        reader = ProcReader(proc)
        try:
            reader.cpu()
            memory = reader.memory_percent()
        finally:
            reader.close()
    except ResourceError as error:
        return Finding(name, "missing", str(error), "Linux offers it; other systems go without")
    return Finding(name, "ok", f"{proc}/stat and {proc}/meminfo; memory {memory:.0f} % in use")


def _package_energy(powercap: Path) -> list[Finding]:
    """Of the packages, and of what there is beside them; of the latter only what counts."""
    try:
        counters = rapl_counters(powercap)
    except MeterError as error:
        return [Finding(f"{_PACKAGE} (RAPL)", "missing", *remedy(str(error)))]
    for counter in counters:
        counter.start()
    time.sleep(_MOVE_SECONDS)
    findings: list[Finding] = []
    told: set[str | None] = set()
    for counter in counters:
        is_needed = counter.scope == counters[0].scope
        name = f"{_PACKAGE if is_needed else 'energy beside it'}: {counter.name}"
        reading = counter.stop()
        if reading is not None:
            findings.append(Finding(name, "ok", _watts(reading)))
        elif is_needed:
            found, help_ = remedy(counter.reason or "")
            findings.append(Finding(name, "missing", found, None if help_ in told else help_))
            told.add(help_)
    return findings


def _plugins() -> list[Finding]:
    findings = []
    for plugin in plugged_in():
        label = f"counter plug-in {plugin.name}"
        if plugin.reason is not None:
            remedy = f"see what {plugin.package} needs, or remove it; cells go on without it"
            findings.append(Finding(label, "missing", plugin.reason, remedy))
        elif not plugin.sources:
            found = f"{plugin.package} finds no counter of its kind here"
            findings.append(Finding(label, "limited", found))
        for source in plugin.sources:
            counter = PluginCounter(plugin.name, source)
            counter.start()
            time.sleep(max(_MOVE_SECONDS, min(source.update_seconds, 1.0)))
            reading = counter.stop()
            state: State = "missing" if reading is None else "ok"
            told = (counter.reason or "") if reading is None else _watts(reading)
            scope = SCOPE_NAMES[source.scope]
            findings.append(Finding(f"{scope} energy: {counter.name}", state, told))
    return findings


def _watts(reading: EnergyReading) -> str:
    return f"{reading.joules / reading.seconds:.3g} W just now"


def _gpus(open_nvml: Callable[[], NvmlSession]) -> list[Finding]:
    try:
        session = open_nvml()
    except NoGpu as error:
        remedy = (
            "with a board in this machine: install NVIDIA's driver; in a container start it with "
            "the GPU (`docker run --gpus all`)"
        )
        return [Finding("GPU energy (NVML)", "missing", str(error), remedy)]
    except ResourceError as error:
        found, _, remedy = str(error).partition("; ")
        return [Finding("GPU energy (NVML)", "missing", found, remedy or None)]
    try:
        return [_gpu(session, index) for index in range(len(session.names))]
    finally:
        session.close()


def _gpu(session: NvmlSession, index: int) -> Finding:
    name = f"GPU {index}: {session.names[index]}"
    power = session.power(index)
    if power.joules is None and power.problem:
        return Finding(name, "missing", power.problem, "`nvidia-smi` may tell more")
    if power.joules is None and power.watts is None:
        return Finding(name, "missing", "the board offers neither energy nor power")
    if power.joules is None:
        return Finding(
            name,
            "ok",
            f"no energy counter; its power ({power.watts:.3g} W) is integrated over time",
            "let a cell run for some seconds: short ones cannot be measured",
        )
    counter = NvmlCounter(session, index)
    counter.start()
    time.sleep(_MOVE_SECONDS)
    reading = counter.stop()
    if reading is None:
        return Finding(
            name, "limited", counter.reason or "no reading", "try again while the GPU is at work"
        )
    others = counter.other_processes
    if others:
        return Finding(
            name,
            "ok",
            f"energy counter, {reading.joules / reading.seconds:.3g} W; {others} other processes",
            "their energy is in the counter too: measure while they rest",
        )
    return Finding(name, "ok", f"energy counter, {reading.joules / reading.seconds:.3g} W just now")


def _serial_ports() -> list[Finding]:
    return [
        Finding(f"serial port {device}", "ok", what, f"an emonPi there is --meter emonpi:{device}")
        for device, what in serial_ports()
    ]


def _estimate() -> Finding:
    """What cells on the processor are told by where it has no counter."""
    processor = this_processor()
    rated = rated_power(processor)
    found = f"{machine_label(processor, rated)}: {rated.why}"
    if not rated.is_of_class:
        return Finding("estimate without a counter", "ok", found)
    remedy = "a counter above, or a calibration below, tells more"
    if not has_table() and not processor.is_virtual:
        remedy = f"`pip install '{EXTRA}'` brings a table of processors; {remedy}"
    return Finding("estimate without a counter", "limited", found, remedy)


def _torch() -> Finding:
    if find_spec("torch") is None:
        return Finding("PyTorch", "missing", "not installed", "`pip install torch`")
    from importlib.metadata import version

    return Finding("PyTorch", "ok", version("torch"))


def _profile() -> Finding:
    try:
        profile = load_device("auto")
    except IreneError as error:
        return Finding("device profile", "missing", str(error))
    if profile.kind == "calibrated":
        return Finding("device profile", "ok", f"{profile.label} ({profile.name}), calibrated here")
    return Finding(
        "device profile",
        "limited",
        f"none of this machine: `predict` is for {profile.label}",
        "`%irene_calibrate --meter emonpi:/dev/ttyUSB0` (or csv:PATH, nvml, rapl) makes one; "
        "docs/meters.md tells how to connect a meter",
    )


def _program(name: str, program: str, remedy: str) -> Finding:
    path = shutil.which(program)
    if path is None:
        return Finding(name, "missing", f"the program `{program}` is not on the PATH", remedy)
    return Finding(name, "ok", path)


def _package(name: str, package: str, remedy: str) -> Finding:
    if find_spec(package) is None:
        return Finding(name, "missing", f"the package {package} is not installed", remedy)
    return Finding(name, "ok", f"{package} is installed")

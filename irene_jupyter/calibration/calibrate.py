"""`calibrate`: a meter and a workload make a device profile, in one call."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from irene_jupyter.calibration.bench import Bench
from irene_jupyter.calibration.checkpoint import KEEP, Checkpoint
from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.events import Note, Progress, Watcher, ignore
from irene_jupyter.calibration.fitting import fitted
from irene_jupyter.calibration.results import accuracy_of, results_of
from irene_jupyter.calibration.session import Session
from irene_jupyter.calibration.suite import Suite, in_words, suite_of
from irene_jupyter.errors import DeviceError, OptionError
from irene_jupyter.meters.base import SCOPE_NAMES
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.predictors.profiles.device_profile import NAME, DeviceProfile, read_profile
from irene_jupyter.predictors.profiles.loading import (
    REFERENCE,
    SHIPPED_FOLDER,
    fingerprint,
    load_device,
    user_devices_folder,
)

MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What a calibration is about to do, and where its results go."""

    suite: Suite
    rounds: int
    name: str
    output: Path
    checkpoint: Path
    seconds: float

    def rows(self) -> list[tuple[str, str, str, str]]:
        """(node, batch × sequence, rounds, seconds of a run) of each part."""
        length = self.suite.timing.run_length(0.2)
        return [
            (
                f"{part.architecture} {part.path or '(whole model)'}",
                f"{part.batch_size} × {part.seq_len}",
                str(self.rounds),
                f"{length:.1f}",
            )
            for part in self.suite.parts
        ]

    def text(self) -> str:
        """The plan as a table for a terminal."""
        head = ("node", "batch × sequence", "rounds", "seconds a run")
        rows = [head, *self.rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows]
        timing = self.suite.timing
        lines += [
            "",
            f"suite {self.suite.name}: {len(self.suite.parts)} nodes × {self.rounds} rounds, "
            f"standby {timing.standby_seconds:.0f} s, the clock's pattern before and after",
            f"about {in_words(self.seconds)} with a reading every 0.2 s; a slower meter takes "
            "longer",
            f"profile     {self.output}",
            f"checkpoint  {self.checkpoint}",
        ]
        return "\n".join(line.rstrip() for line in lines)


def plan(
    suite: str | Suite = "quick",
    *,
    name: str | None = None,
    rounds: int = 5,
    output: str | Path | None = None,
    simulated: bool = False,
) -> Plan:
    """What `calibrate` would do, without doing it. Raises `IreneError` as it would."""
    chosen = suite_of(suite)
    if isinstance(rounds, bool) or not isinstance(rounds, int) or not 1 <= rounds <= MOST_ROUNDS:
        raise OptionError(f"rounds must be a whole number from 1 to {MOST_ROUNDS}, not {rounds!r}")
    if name is None:
        name = _machine_name() + ("-simulated" if simulated else "")
    if name == "auto" or not NAME.fullmatch(name):
        raise OptionError(
            f"a profile cannot be named {name!r}; use letters, digits, '.', '_' and '-' (at most "
            "64), and not 'auto'"
        )
    if output is None and (SHIPPED_FOLDER / f"{name}.json").exists():
        raise OptionError(f"{name!r} is the name of a shipped profile: give another one")
    if output is None:
        path = user_devices_folder() / f"{name}.json"
        _check_owner(path)
        checkpoint = user_devices_folder().parent / "calibrations" / f"{name}{KEEP}"
    else:
        path = Path(output).expanduser()
        checkpoint = path.with_name(path.stem + ".calibration" + KEEP)
    return Plan(chosen, rounds, name, path, checkpoint, chosen.seconds(rounds))


def calibrate(
    meter: str | PowerMeter = "simulated",
    *,
    suite: str | Suite = "quick",
    name: str | None = None,
    rounds: int = 5,
    resume: bool = False,
    output: str | Path | None = None,
    meter_accuracy: float | str | None = None,
    device: str | None = None,
    watch: Watcher = ignore,
    seed: int = 0,
    meter_options: Mapping[str, Any] | None = None,
) -> DeviceProfile:
    """Measure a suite with a power meter, and store this machine's profile under `name`.

    `meter` is emonpi:URL, csv:PATH, nvml, rapl, simulated, or a `PowerMeter` that is not open.
    `suite` is quick (≤ 10 minutes), standard (about an hour), full (the paper's grid: days), or
    one of your own. `resume` goes on where a calibration of this name was stopped. `output` is a
    file in place of the user's data folder, where `--device auto` finds the profile at once.
    `meter_accuracy` is the meter's relative half-width, such as 0.06, or "calibrated" or
    "uncalibrated". `device` is torch's ("cpu", "cuda"). `watch` gets the `events`.

    Energies are in joules, times in seconds. Raises `CalibrationError`, `MeterError`,
    `OptionError`, `DeviceError`; KeyboardInterrupt goes through. Whatever ends it, finished runs
    are kept, for `resume`.

    >>> import irene_jupyter as irene
    >>> profile = irene.calibrate("emonpi:/dev/ttyUSB0", name="mine")  # doctest: +SKIP

    What it would do, without a meter:

    >>> from irene_jupyter.calibration.calibrate import plan
    >>> quick = plan("quick", name="mine", rounds=5).suite
    >>> quick.name, len(quick.parts)
    ('quick', 14)
    """
    opened = open_meter(meter, **(meter_options or {})) if isinstance(meter, str) else meter
    chosen = plan(suite, name=name, rounds=rounds, output=output, simulated=opened.is_simulated)
    accuracy_of(meter_accuracy, truth=opened.truth, simulated=opened.is_simulated)
    bench = chosen.suite.make_bench() if device is None else Bench(device)
    header = {
        "identity": {
            "suite": [chosen.suite.name, [part.key for part in chosen.suite.parts]],
            "machine": {**fingerprint(), "device": bench.device},
            "meter": [opened.scope, opened.truth],
        },
        "created": _now(),
        "versions": _versions(),
    }
    try:
        with Checkpoint(chosen.checkpoint, header, resume=resume) as checkpoint:
            _measure(opened, chosen, bench, checkpoint, watch, seed)
            watch(Progress("fit", "fitting the profile", 1.0, 0.0))
            profile = _fit(chosen, bench, checkpoint, meter_accuracy)
            profile.save(chosen.output)
            checkpoint.add({"record": "finished", "profile": str(chosen.output), "at": _now()})
    finally:
        bench.close()
    watch(Progress("done", f"stored {chosen.output}", 1.0, 0.0))
    return profile


def _measure(
    meter: PowerMeter,
    chosen: Plan,
    bench: Bench,
    checkpoint: Checkpoint,
    watch: Watcher,
    seed: int,
) -> None:
    session = Session(
        meter,
        chosen.suite,
        bench,
        checkpoint,
        rounds=chosen.rounds,
        seed=seed,
        watch=watch,
    )
    if not session.wanted():
        watch(Note("all runs are in the checkpoint already: only the fit is made anew"))
        return
    with meter:
        session.run()
        checkpoint.add(
            {
                "record": "meter",
                "source": meter.source,
                "scope": meter.scope,
                "truth": meter.truth,
                "format": meter.format,
                "simulated": meter.is_simulated,
            }
        )


def _fit(
    chosen: Plan, bench: Bench, checkpoint: Checkpoint, meter_accuracy: float | str | None
) -> DeviceProfile:
    meters = [record for record in checkpoint.records if record["record"] == "meter"]
    if not meters:
        raise CalibrationError("the checkpoint does not tell the meter: begin without resume")
    last = meters[-1]
    simulated = any(record["simulated"] for record in meters)
    accuracy = accuracy_of(meter_accuracy, truth=last["truth"], simulated=simulated)
    results = results_of(chosen.suite.parts, checkpoint.records, meter_accuracy=accuracy)
    scope = SCOPE_NAMES[last["scope"]]
    standby = [r["watts"] for r in checkpoint.records if r["record"] == "standby"]
    training = {
        "suite": chosen.suite.name,
        "rounds": chosen.rounds,
        "meter": last["source"],
        "scope": last["scope"],
        "truth": last["truth"],
        "simulated": simulated,
        "meter_accuracy_percent": 100 * accuracy,
        "standby_watts": standby[-1] if standby else None,
        "device": bench.device,
        "energy": f"{scope} energy of one run, idle included ({last['source']})",
        "created": _now(),
        **_versions(),
    }
    weak = ", told by the driver" if last["truth"] == "weak" else ""
    label = f"{chosen.name} ({scope} energy{weak}{', SIMULATED' if simulated else ''})"
    return fitted(
        results,
        bench,
        load_device(REFERENCE),
        name=chosen.name,
        label=label,
        complete=chosen.suite.complete,
        training=training,
    )


def _check_owner(path: Path) -> None:
    """Raises `OptionError` where the profile of another machine would be lost.

    Machines that share a home folder, or a name, would write the same file.
    """
    try:
        theirs = read_profile(path).fingerprint
    except DeviceError:  # none yet, or damaged: nothing is lost
        return
    if theirs is not None and dict(theirs) != fingerprint():
        raise OptionError(
            f"{path.stem!r} is the profile of another machine ({theirs.get('cpu')}, "
            f"{theirs.get('memory_gibibytes')} GiB): give this one another name, or delete {path}"
        )


def _machine_name() -> str:
    """The machine's name, as far as a profile may be called after it."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node().partition(".")[0]).strip("-._")
    return name[:48] or "this-machine"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("irene-jupyter", "torch", "transformers"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

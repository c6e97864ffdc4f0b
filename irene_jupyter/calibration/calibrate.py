"""`calibrate`: a meter and a workload make a device profile, in one call."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.fit.calibrated import calibrated
from irene_jupyter.calibration.fit.results import accuracy_of, results_of
from irene_jupyter.calibration.running.events import Note, Progress, Watcher, ignore
from irene_jupyter.calibration.running.journal import KEEP, Journal
from irene_jupyter.calibration.running.records import Finished, MeterUsed, Rest
from irene_jupyter.calibration.running.session import Session
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.suite import Suite, in_words, suite_of
from irene_jupyter.checker import is_whole
from irene_jupyter.columns import aligned
from irene_jupyter.errors import DeviceError, OptionError
from irene_jupyter.meters.base import SCOPE_NAMES
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.predictors.profiles.checks import NAME
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import (
    REFERENCE,
    SHIPPED_FOLDER,
    fingerprint,
    load_device,
    user_devices_folder,
)
from irene_jupyter.predictors.profiles.reading import read_profile
from irene_jupyter.versions import versions

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
        timing = self.suite.timing
        lines = [
            aligned([head, *self.rows()], "<<<<"),
            "",
            f"suite {self.suite.name}: {len(self.suite.parts)} nodes × {self.rounds} rounds, "
            f"standby {timing.standby_seconds:.0f} s, the clock's pattern before and after",
            f"about {in_words(self.seconds)} with a reading every 0.2 s; a slower meter takes "
            "longer",
            f"profile     {self.output}",
            f"checkpoint  {self.checkpoint}",
        ]
        return "\n".join(lines)


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
    if not is_whole(rounds, 1, MOST_ROUNDS):
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
        "versions": dict(versions()),
    }
    try:
        with Journal(chosen.checkpoint, header, resume=resume) as journal:
            _measure(opened, chosen, bench, journal, watch, seed)
            watch(Progress("fit", "fitting the profile", 1.0, 0.0))
            profile = _fit(chosen, bench, journal, meter_accuracy)
            profile.save(chosen.output)
            journal.add(Finished(str(chosen.output), _now()))
    finally:
        bench.close()
    watch(Progress("done", f"stored {chosen.output}", 1.0, 0.0))
    return profile


def _measure(
    meter: PowerMeter, chosen: Plan, bench: Bench, journal: Journal, watch: Watcher, seed: int
) -> None:
    session = Session(
        meter, chosen.suite, bench, journal, rounds=chosen.rounds, seed=seed, watch=watch
    )
    if not session.wanted():
        watch(Note("all runs are in the checkpoint already: only the fit is made anew"))
        return
    with meter:
        session.run()
        journal.add(
            MeterUsed(meter.source, meter.scope, meter.truth, meter.format, meter.is_simulated)
        )


def _fit(
    chosen: Plan, bench: Bench, journal: Journal, meter_accuracy: float | str | None
) -> DeviceProfile:
    meters = [each for each in journal.records if isinstance(each, MeterUsed)]
    if not meters:
        raise CalibrationError("the checkpoint does not tell the meter: begin without resume")
    last = meters[-1]
    simulated = any(each.simulated for each in meters)
    accuracy = accuracy_of(meter_accuracy, truth=last.truth, simulated=simulated)
    results = results_of(chosen.suite.parts, journal.records, meter_accuracy=accuracy)
    scope = SCOPE_NAMES[last.scope]
    standby = [each.watts for each in journal.records if isinstance(each, Rest)]
    training = {
        "suite": chosen.suite.name,
        "rounds": chosen.rounds,
        "meter": last.source,
        "scope": last.scope,
        "truth": last.truth,
        "simulated": simulated,
        "meter_accuracy_percent": 100 * accuracy,
        "standby_watts": standby[-1] if standby else None,
        "device": bench.device,
        "energy": f"{scope} energy of one run, idle included ({last.source})",
        "created": _now(),
        **versions(),
    }
    weak = ", told by the driver" if last.truth == "weak" else ""
    label = f"{chosen.name} ({scope} energy{weak}{', SIMULATED' if simulated else ''})"
    reference = load_device(REFERENCE)
    assert isinstance(reference, DeviceProfile)
    return calibrated(
        results,
        bench,
        reference,
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

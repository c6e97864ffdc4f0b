"""`calibrate`: a meter and a workload make a device profile, in one call."""

from __future__ import annotations

import contextlib
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from irene_jupyter.calibration.board_calibration import calibrate_board
from irene_jupyter.calibration.fit.calibrated import calibrated
from irene_jupyter.calibration.fit.results import accuracy_of, results_of
from irene_jupyter.calibration.running.counting import counted
from irene_jupyter.calibration.running.events import SIMULATED, Note, Watcher, ignore
from irene_jupyter.calibration.running.journal import KEEP, Journal
from irene_jupyter.calibration.running.pace import Pace
from irene_jupyter.calibration.running.records import Finished, Rest
from irene_jupyter.calibration.running.session import Session
from irene_jupyter.calibration.workload.bench import Bench, board_uuid
from irene_jupyter.calibration.workload.board_bench import BoardBench
from irene_jupyter.calibration.workload.board_suite import NAME as BOARD
from irene_jupyter.calibration.workload.board_suite import BoardSuite, any_suite
from irene_jupyter.calibration.workload.suite import FAST_PERIOD_SECONDS, Suite, in_words
from irene_jupyter.checker import is_whole
from irene_jupyter.columns import aligned
from irene_jupyter.errors import DeviceError, OptionError
from irene_jupyter.meters.base import SCOPE_NAMES, BoardCondition
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
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
# Meters by their period, what they hold and how they smooth, in seconds: a plug that is not late
# (the mean of each second), and an emonPi with its stock firmware.
SLOW_METERS = {
    "or more with a smart plug": (1.0, 1.0, 0.5),
    "with one every 5 s": (5.0, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a calibration is about to do, and where its results go."""

    suite: Suite | BoardSuite
    rounds: int
    name: str
    output: Path
    checkpoint: Path
    seconds: float
    simulated: bool

    def rows(self, suite: Suite) -> list[tuple[str, str, str, str]]:
        """(node, batch × sequence, rounds, seconds of a run) of each part."""
        length = suite.timing.run_length(FAST_PERIOD_SECONDS)
        return [
            (
                f"{part.architecture} {part.path or '(whole model)'}",
                f"{part.batch_size} × {part.seq_len}"
                + (f" after {part.cached}" if part.cached else ""),
                str(self.rounds),
                f"{length:.1f}",
            )
            for part in suite.parts
        ]

    def _slower(self, suite: Suite) -> str:
        times = [
            f"{in_words(suite.seconds(self.rounds, *meter))} {words}"
            for words, meter in SLOW_METERS.items()
        ]
        return ", ".join(times)

    def text(self) -> str:
        """The plan as a table for a terminal."""
        places = [f"profile     {self.output}", f"checkpoint  {self.checkpoint}"]
        if isinstance(self.suite, BoardSuite):
            return "\n".join([self.suite.text(self.rounds), *places])
        head = ("node", "batch × sequence", "rounds", "seconds a run")
        timing = self.suite.timing
        lines = [
            aligned([head, *self.rows(self.suite)], "<<<<"),
            "",
            *([SIMULATED] if self.simulated else []),
            f"suite {self.suite.name}: {len(self.suite.parts)} nodes × {self.rounds} rounds, "
            f"standby {timing.standby_seconds:.0f} s, the clock's pattern before and after",
            f"about {in_words(self.seconds)} with a reading every {FAST_PERIOD_SECONDS:g} s, of "
            f"which the fit takes {in_words(self.suite.fit_seconds)}",
            f"a slower meter takes longer: {self._slower(self.suite)}",
            *places,
        ]
        return "\n".join(lines)


def plan(
    suite: str | Suite | BoardSuite = "quick",
    *,
    name: str | None = None,
    rounds: int | None = None,
    output: str | Path | None = None,
    simulated: bool = False,
    device: str | None = None,
) -> Plan:
    """What `calibrate` would do, without doing it. Raises `IreneError` as it would."""
    chosen = any_suite(suite, device)
    rounds = chosen.rounds if rounds is None else rounds
    if not is_whole(rounds, 1, MOST_ROUNDS):
        raise OptionError(f"rounds must be a whole number from 1 to {MOST_ROUNDS}, not {rounds!r}")
    if name is None:
        # A board's profile and one of all that another meter sees are two things.
        kind = f"-{BOARD}" if isinstance(chosen, BoardSuite) else ""
        name = _machine_name() + kind + ("-simulated" if simulated else "")
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
        if simulated:
            _check_real(path)
        checkpoint = user_devices_folder().parent / "calibrations" / f"{name}{KEEP}"
    else:
        path = Path(output).expanduser()
        checkpoint = path.with_name(path.stem + ".calibration" + KEEP)
    return Plan(chosen, rounds, name, path, checkpoint, chosen.seconds(rounds), simulated)


def calibrate(
    meter: str | PowerMeter,
    *,
    suite: str | Suite | BoardSuite = "quick",
    name: str | None = None,
    rounds: int | None = None,
    resume: bool = False,
    output: str | Path | None = None,
    meter_accuracy: float | str | None = None,
    device: str | None = None,
    watch: Watcher = ignore,
    seed: int = 0,
    meter_options: Mapping[str, Any] | None = None,
) -> DeviceProfile | BoardProfile:
    """Measure a suite with a power meter, and store this machine's profile under `name`.

    `meter` is a name as `open_meter` has them (emonpi:URL, shelly:HOST, nvml …; simulated measures
    nothing), or a `PowerMeter` that is not open.
    `suite` is quick (≤ 10 minutes), standard (80 minutes), full (the paper's grid: days),
    board (five minutes, by nvml: a board's own constants), or one of your own. `rounds` are 5 if
    nothing is said, of quick 4, of board 1. `resume` goes on where a calibration of this name was
    stopped. `output` is a file in place of the user's data folder, where `--device auto` finds the
    profile at once. `meter_accuracy` is the meter's relative half-width, such as 0.06, or
    "calibrated" or "uncalibrated". `device` is torch's ("cpu", "cuda"). `watch` gets the `events`.

    Energies are in joules, times in seconds. Raises `CalibrationError`, `MeterError`,
    `OptionError`, `DeviceError`; KeyboardInterrupt goes through. Whatever ends it, finished runs
    are kept, for `resume`.

    >>> import irene_jupyter as irene
    >>> profile = irene.calibrate("emonpi:/dev/ttyUSB0", name="mine")  # doctest: +SKIP

    What it would do, without a meter:

    >>> from irene_jupyter.calibration.calibrate import plan
    >>> quick = plan("quick", name="mine", rounds=5).suite
    >>> quick.name, len(quick.parts)
    ('quick', 22)
    """
    options = meter_options or {}
    opened = open_meter(meter, **options) if isinstance(meter, str) else meter
    chosen = plan(
        suite,
        name=name,
        rounds=rounds,
        output=output,
        simulated=opened.is_simulated,
        device=device,
    )
    accuracy_of(meter_accuracy, truth=opened.truth, simulated=opened.is_simulated)
    if isinstance(chosen.suite, BoardSuite):
        return calibrate_board(
            meter,
            chosen.suite,
            chosen.suite.make_bench() if device is None else BoardBench(device),
            name=chosen.name,
            rounds=chosen.rounds,
            resume=resume,
            output=chosen.output,
            checkpoint=chosen.checkpoint,
            watch=watch,
            seed=seed,
            meter_options=options,
        )
    measured = chosen.suite
    bench = measured.make_bench() if device is None else Bench(device)
    if meter == "nvml" and (uuid := board_uuid(bench.device)):
        opened = open_meter(f"nvml:{uuid}", **options)  # not those that idle beside it
    identity = {
        "suite": [measured.name, measured.keys],
        "machine": {**fingerprint(), "device": bench.device},
    }
    about = {"created": _now(), "versions": dict(versions())}
    pace = Pace(watch, measured.fit_seconds)
    try:
        with Journal(chosen.checkpoint, identity, about, resume=resume) as journal:
            _measure(opened, chosen, measured, bench, journal, pace, watch, seed)
            profile = _fit(chosen, measured, bench, journal, pace, meter_accuracy)
            if profile.is_simulated and chosen.output.parent == user_devices_folder():
                _check_real(chosen.output)  # an emulator may not say at first that it is one
            profile.save(chosen.output)
            journal.add(Finished(str(chosen.output), _now()))
    finally:
        bench.close()
    pace.done(f"stored {chosen.output}")
    return profile


def _measure(
    meter: PowerMeter,
    chosen: Plan,
    suite: Suite,
    bench: Bench,
    journal: Journal,
    pace: Pace,
    watch: Watcher,
    seed: int,
) -> None:
    session = Session(
        meter, suite, bench, journal, pace, rounds=chosen.rounds, seed=seed, watch=watch
    )
    if session.is_complete:
        for note in journal.notes:
            watch(Note(note))
        watch(
            Note(f"all runs are in the checkpoint, by {journal.meter}: only the fit is made anew")
        )
        return
    with meter:
        session.run()


def _fit(
    chosen: Plan,
    suite: Suite,
    bench: Bench,
    journal: Journal,
    pace: Pace,
    meter_accuracy: float | str | None,
) -> DeviceProfile:
    pace.fitting(0.0)
    meter = journal.meter
    accuracy = accuracy_of(meter_accuracy, truth=meter.truth, simulated=meter.simulated)
    timing, limits = suite.timing, suite.limits
    results = results_of(
        suite.parts,
        counted(journal.records, timing.guard_seconds, limits).sure,
        journal.records,
        meter_accuracy=accuracy,
    )
    scope = SCOPE_NAMES[meter.scope]
    standby = [each.watts for each in journal.records if isinstance(each, Rest)]
    training = {
        "suite": suite.name,
        "rounds": chosen.rounds,
        "meter": meter.source,
        "scope": meter.scope,
        "truth": meter.truth,
        "simulated": meter.simulated,
        "meter_accuracy_percent": 100 * accuracy,
        "standby_watts": standby[-1] if standby else None,
        "boards": [asdict(each) for each in journal.records if isinstance(each, BoardCondition)],
        "device": bench.device,
        "energy": f"{scope} energy of one run, idle included ({meter.source})",
        "created": _now(),
        **versions(),
    }
    weak = ", told by the driver" if meter.truth == "weak" else ""
    mark = ", SIMULATED" if meter.simulated else ""
    label = f"{chosen.name} ({scope} energy{weak}{mark})"
    reference = load_device(REFERENCE)
    assert isinstance(reference, DeviceProfile)
    return calibrated(
        results,
        bench,
        reference,
        name=chosen.name,
        label=label,
        complete=suite.complete,
        training=training,
        tell=pace.fitting,
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


def _check_real(path: Path) -> None:
    """Raises `OptionError` where a profile by a real meter would be lost to a simulated one."""
    with contextlib.suppress(DeviceError):
        if not read_profile(path).is_simulated:
            raise OptionError(
                f"{path.stem!r} is a profile by a real meter: give the simulated one another name, "
                f"or delete {path}"
            )


def _machine_name() -> str:
    """The machine's name, as far as a profile may be called after it."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node().partition(".")[0]).strip("-._")
    return name[:48] or "this-machine"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

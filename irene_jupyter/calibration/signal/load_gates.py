"""Gates on readings, on the machine, on clocks and rounds: pure functions, each with a threshold.

Thresholds are listed in docs/meters.md, with their reasons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from irene_jupyter.calibration.signal.alignment import Clock
from irene_jupyter.calibration.signal.rejection import LIMITS, Limits, Rejection, Standby
from irene_jupyter.calibration.signal.samples import Floats, Samples
from irene_jupyter.resources.processes import MachineLoad

_SHOWN = 3  # programs that are named
_STUCK = (
    "unplug the meter and plug it in again, and see that its readings change with the load (an "
    "emonPi's clamp must be in CT 1)"
)

# --- the readings ---------------------------------------------------------------------------------


def stuck(run: Samples, limits: Limits = LIMITS) -> Rejection | None:
    """The same reading again and again, of a meter with digits enough to show its noise."""
    longest = _longest_same(run.watts)
    if longest < limits.stuck_samples:
        return None
    return Rejection(
        "stuck",
        f"{longest} samples in a row are identical, fewer than {limits.stuck_samples} are "
        "plausible with this meter",
        _STUCK,
        longest,
        limits.stuck_samples,
    )


def near_wrap(run: Samples, limits: Limits = LIMITS) -> Rejection | None:
    """Readings so large that the 16-bit number of the irene format may have begun anew."""
    most = float(np.max(run.watts))
    if most < limits.wrap_watts:
        return None
    return Rejection(
        "near_wrap",
        f"{most:.2f} W, under {limits.wrap_watts:g} W are safe: this format begins at 0 again "
        "from 655.36 W",
        "lower the machine's power limit (nvidia-smi -pl), or flash the stock firmware, which "
        "counts higher",
        most,
        limits.wrap_watts,
    )


def jump(run: Samples, limits: Limits = LIMITS) -> Rejection | None:
    """A change from one sample to the next that no computer makes."""
    steps = np.abs(np.diff(run.watts))
    most = float(np.max(steps)) if len(steps) else 0.0
    # A server of 6 kW has noise of some hundred watts.
    limit = max(limits.jump_watts, limits.outlier_share * abs(float(np.median(run.watts))))
    if most <= limit:
        return None
    return Rejection(
        "jump",
        f"{most:.0f} W from one sample to the next, at most {limit:.0f} W are plausible",
        "a digit was lost on the line, or a reading wrapped at 655.36 W: check the cable, or lower "
        "the machine's power limit (nvidia-smi -pl)",
        most,
        limit,
    )


def reversed_clamp(run: Samples) -> Rejection | None:
    """Negative power, where the format has signs. The irene format shows it at alignment alone."""
    negative = float(np.mean(run.watts < 0))
    if negative == 0:
        return None
    return Rejection(
        "reversed",
        f"{100 * negative:.0f} % of the samples are negative, a computer's never are",
        "the clamp is the wrong way round: turn it on the wire, then calibrate again",
        negative,
        0,
    )


def voltage(run: Samples, nominal_volts: float, limits: Limits = LIMITS) -> Rejection | None:
    """A mains voltage far from what it should be. Samples without one are left out."""
    volts = run.volts[np.isfinite(run.volts)]
    if not len(volts):
        return None
    worst = float(volts[np.argmax(np.abs(volts - nominal_volts))])
    share = abs(worst - nominal_volts) / nominal_volts
    if share <= limits.volts_share:
        return None
    return Rejection(
        "voltage",
        f"{worst:.1f} V, {100 * share:.0f} % from {nominal_volts:g} V; at most "
        f"{100 * limits.volts_share:g} % are allowed",
        "plug the AC adapter in and calibrate the meter's voltage, or give the right mains voltage",
        share,
        limits.volts_share,
    )


# --- the load -------------------------------------------------------------------------------------


def idle_before(
    idle: Samples, standby: Standby, run_watts: float, limits: Limits = LIMITS
) -> Rejection | None:
    """The pause before a run is not at rest: heat, fans, or another program.

    By its least sample: a background task of a moment is no heat, and the end of what ran before
    may be in the first. What would not spoil a run of `run_watts` is let through.
    """
    if not len(idle):
        return None
    least = float(np.min(idle.watts))
    allowed = max(_allowed(standby, limits), limits.idle_run_share * run_watts)
    limit = standby.watts + allowed
    if least <= limit:
        return None
    return Rejection(
        "idle",
        f"{least:.1f} W in the pause before the run, at most {limit:.1f} W (standby "
        f"{standby.watts:.1f} W and {allowed:.1f} W) are allowed",
        "let the machine cool for longer, and end other programs",
        least,
        limit,
    )


def below_standby(run: Samples, standby: Standby, limits: Limits = LIMITS) -> Rejection | None:
    """A run that seems to take less than rest does: all its readings wrapped, or the clamp is off.

    Ours: in the irene format a steady 700 W is a steady 44.64 W, which no other gate can tell.
    """
    mean = float(np.mean(run.watts))
    limit = standby.watts - _allowed(standby, limits)
    if mean >= limit:
        return None
    return Rejection(
        "below_standby",
        f"{mean:.1f} W in the run, less than the {limit:.1f} W that the machine takes at rest "
        f"(standby {standby.watts:.1f} W)",
        "readings wrapped at 655.36 W (lower the machine's power limit: nvidia-smi -pl), or the "
        "clamp came off or is the wrong way round",
        mean,
        limit,
    )


# --- the machine, the clock, and the rounds ------------------------------------------------------


def busy(load: MachineLoad, limits: Limits = LIMITS) -> Rejection | None:
    """Other programs at work while the machine should be at rest, and which they are."""
    if load.others_share <= limits.busy_share:
        return None
    return Rejection(
        "busy",
        f"{unquiet(load, limits)}, at most {100 * limits.busy_share:g} % may",
        "end those programs, or calibrate when they are done",
        load.others_share,
        limits.busy_share,
    )


def unquiet(load: MachineLoad, limits: Limits = LIMITS) -> str | None:
    """What to note of a machine that is not quite at rest; None for one that is."""
    if load.others_share <= limits.quiet_share:
        return None
    who = ", ".join(
        f"{each.name} ({each.pid}) {_percent(each.cores)} of a core"
        for each in load.busiest[:_SHOWN]
    )
    return (
        f"other programs used {_percent(load.others_share)} of the processor: "
        f"{who or 'none that can be seen from here (another container, another user)'}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def clock_moved(clock: Clock, limits: Limits = LIMITS) -> Rejection | None:
    """The offset before and after a stretch of runs."""
    moved = abs(clock.moved_seconds)
    if moved <= limits.clock_seconds:
        return None
    return Rejection(
        "clock",
        f"the meter's clock moved by {1000 * moved:.0f} ms between two alignments, at most "
        f"{1000 * limits.clock_seconds:g} ms are allowed",
        "keep both machines' clocks by NTP (timedatectl), or align more often",
        moved,
        limits.clock_seconds,
    )


def variation(values: Sequence[float], limits: Limits = LIMITS) -> Rejection | None:
    """How much the rounds of a node vary. It is measured again, then marked unstable."""
    if len(values) < 2:
        return None
    mean = float(np.mean(values))
    share = float(np.std(values, ddof=1)) / abs(mean) if mean else math.inf
    if share <= limits.variation:
        return None
    return Rejection(
        "variation",
        f"{len(values)} rounds vary by {100 * share:.1f} % (standard deviation), at most "
        f"{100 * limits.variation:g} % are allowed",
        "measure it again; if it stays so, the node is marked unstable",
        share,
        limits.variation,
    )


def _allowed(standby: Standby, limits: Limits) -> float:
    """How far from standby's mean is still rest, in watts."""
    return max(limits.idle_sigmas * standby.sigma_watts, limits.idle_share * abs(standby.watts))


def _longest_same(values: Floats) -> int:
    """The most equal values in a row."""
    if not len(values):
        return 0
    changes = np.flatnonzero(np.diff(values) != 0)
    ends = np.concatenate([[-1], changes, [len(values) - 1]])
    return int(np.max(np.diff(ends)))

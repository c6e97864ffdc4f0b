"""Joules of a processor that nobody counts: its rated power, its load, and this process's part.

How far this may be wrong was tested against published measurements: docs/estimated-here.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from irene_jupyter.attribution.apportion import Points, Share
from irene_jupyter.resources.load import Load
from irene_jupyter.resources.processor import Processor
from irene_jupyter.resources.rated_power import RatedPower

# (busy part of all logical CPUs, part of the rated power): the mean of RAPL's readings on AWS's
# bare metal servers, by B. Davy (Teads Engineering, 2021: "Building an AWS EC2 carbon emissions
# dataset"), which the Green Software Foundation's Impact Framework uses as well.
CURVE = ((0.0, 0.12), (0.1, 0.32), (0.5, 0.75), (1.0, 1.02))
# In these multiples of the estimate lay the power of all published processors under load:
# tests/attribution/published_power.csv has them.
LEAST, MOST = 0.5, 2.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """Joules of this process's part of the processor, from a block's begin on, as a counter's.

    `least` and `most` are multiples of the joules between which the truth should lie. `label` is
    the machine's for people, `how` tells in a line where the joules come from.
    """

    curve: Points
    least: float
    most: float
    label: str
    how: str

    @property
    def joules(self) -> float:
        """Of the whole block."""
        return self.curve[-1][1]

    def surely(self, share: Share) -> Share:
        """A part's share, with all that is not known of its joules."""
        if share.is_whole:  # there was nothing to divide
            return share.covered(self.least, self.most)
        return Share(share.joules, share.low * self.least, share.high * self.most, share.time)


def estimated(processor: Processor, rated: RatedPower, load: Load) -> Estimate:
    """What a process used of a `processor` while its `load` was so."""
    points = [(load.spans[0].start, 0.0)]
    for span in load.spans:
        watts = rated.watts * part_of_rated(span.load) * load.own_share
        points.append((span.end, points[-1][1] + watts * (span.end - span.start)))
    rest = (
        ""
        if load.own_share > 0.995
        else f", of which this process had {100 * load.own_share:.0f} %"
    )
    return Estimate(
        tuple(points),
        LEAST * rated.low / rated.watts,
        MOST * rated.high / rated.watts,
        machine_label(processor, rated),
        f"the processor's package alone, rated {rated.watts:.3g} W ({rated.why}), "
        f"{100 * _mean(load):.0f} % busy{rest}",
    )


def part_of_rated(load: float) -> float:
    """By `CURVE`, straight between its points."""
    for (low, below), (high, above) in pairwise(CURVE):
        if load <= high:
            return below + (above - below) * (max(load, low) - low) / (high - low)
    return CURVE[-1][1]


def machine_label(processor: Processor, rated: RatedPower) -> str:
    """This machine, for people: "this machine (AMD EPYC, 2 virtual CPUs, rated about 6 W)"."""
    cpus = f", {processor.threads} virtual CPUs" if processor.is_virtual else ""
    about = "about " if rated.is_of_class else ""
    return f"this machine ({_short(processor.name)}{cpus}, rated {about}{rated.watts:.3g} W)"


def _short(name: str) -> str:
    for sign in ("(R)", "(TM)", "(r)", "(tm)"):
        name = name.replace(sign, "")
    return " ".join(name.partition(" @ ")[0].replace(" CPU", "").split())


def _mean(load: Load) -> float:
    seconds: Sequence[float] = [span.end - span.start for span in load.spans]
    whole = sum(seconds)
    parts = zip(load.spans, seconds, strict=True)
    return sum(span.load * length for span, length in parts) / whole if whole > 0 else 0.0

"""How far a calibration is and how long it still takes, by what its runs really took so far."""

from __future__ import annotations

import time

from irene_jupyter.calibration.running.events import Progress, Stage, Watcher

_PLANNED = 3  # runs that the plan counts as, beside those that were seen


class Pace:
    """Tells `watch` where a calibration stands; its share never goes back.

    `fit_seconds` is what the fit at its end is thought to take.
    """

    def __init__(self, watch: Watcher, fit_seconds: float) -> None:
        self.fit_seconds = fit_seconds
        self._watch = watch
        self._began = time.monotonic()
        self._share = 0.0
        self._runs, self._spent = 0, 0.0

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def took(self, seconds: float) -> None:
        """A run, with all its tries, took so long."""
        self._runs += 1
        self._spent += seconds

    def run_seconds(self, planned: float) -> float:
        """What a further run takes: as planned, or as those that were seen."""
        return (_PLANNED * planned + self._spent) / (_PLANNED + self._runs)

    def tell(self, stage: Stage, message: str, left: float) -> None:
        """So many seconds are left, the fit's not among them."""
        self._say(stage, message, left + self.fit_seconds)

    def fitting(self, share: float) -> None:
        """So much of the fit is done, from 0 to 1."""
        self._say("fit", "fitting the profile", (1 - share) * self.fit_seconds)

    def done(self, message: str) -> None:
        """All of it."""
        self._watch(Progress("done", message, 1.0, 0.0))

    def _say(self, stage: Stage, message: str, left: float) -> None:
        # Repeated runs put the end off; the bar never goes back.
        self._share = max(self._share, self.seconds / max(self.seconds + left, 1e-9))
        self._watch(Progress(stage, message, self._share, left))

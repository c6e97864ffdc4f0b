"""The rounds of a cell's loop: how long each took, and which were slow, however many there are.

A round ends with an optimiser step where the cell trains, else with a call of a model. It lasts
from the end of the one before, so that what lies between (data, saving) is in it. Evaluation, by
calls without gradients, is told apart from the rounds that it lies between.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

from irene_jupyter.capture.watch.activity import BACKWARD, OPTIMISER
from irene_jupyter.capture.watch.signed import Signature

MAX_STRETCHES = 512  # of each sort of rounds; beyond it they are joined in pairs
MAX_SLOWEST = 5
MAX_SORTS = 16  # optimisers, and models by phase of generate(): further ones are not followed
MAX_EVALUATIONS = 512  # whose times are kept
# A round is slow that took so many times what those before it took, and so much longer.
SLOW_FACTOR = 2.0
SLOW_SECONDS = 0.05
_STEP = 0.02  # by which what is usual follows a round, up or down: so it comes to the median


class Work(NamedTuple):
    """What a cell's models have done so far, or did in one round. Seconds are this host's."""

    forward: float = 0.0
    backward: float = 0.0
    optimiser: float = 0.0
    evaluation: float = 0.0
    elements: float = 0  # batch × length of the forward calls
    new_sizes: float = 0  # calls of a signature that had not been seen

    def since(self, before: Work) -> Work:
        """What was done since `before`."""
        return Work(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Successive rounds; `evaluation` seconds lie between `start` and `end` and are none of them.

    Times are of time.perf_counter().
    """

    count: int
    start: float
    end: float
    evaluation: float = 0.0

    @property
    def seconds(self) -> float:
        """Of one of its rounds."""
        return (self.end - self.start - self.evaluation) / self.count

    def joined(self, after: Stretch | None) -> Stretch:
        """With the one that follows, if any."""
        if after is None:
            return self
        return Stretch(
            self.count + after.count, self.start, after.end, self.evaluation + after.evaluation
        )


@dataclass(frozen=True, slots=True)
class SlowRound:
    """A round that took much longer than those before it; `index` counts from 0."""

    index: int
    start: float  # time.perf_counter(), as is the next
    end: float
    seconds: float  # without evaluation
    work: Work


class Rounds:
    """The rounds of one sort, as they end."""

    def __init__(self, unit: str, start: float, done: Work) -> None:
        self.unit = unit  # "step", "call", "decoding step"
        self.count = 0
        self.slow = 0
        self.evaluated = 0  # rounds between which and the one before there was evaluation
        self.slowest: list[SlowRound] = []
        self._first, self._opened, self._done = done, done, done
        self._stretches: list[Stretch] = []
        self._stride = 1
        self._open = 0  # rounds since the last stretch
        self._since, self._last = start, start
        self._usual = 0.0

    def end(self, ended: float, done: Work) -> None:
        """One more round, at a time of time.perf_counter(), when so much was `done`."""
        evaluation = done.evaluation - self._done.evaluation
        if evaluation:
            self.evaluated += 1
        seconds = ended - self._last - evaluation
        if self.count < 2:  # they have much to load, and are never slow
            self._usual = seconds
        else:
            self._look(ended, seconds, done)
        self.count += 1
        self._open += 1
        self._last, self._done = ended, done
        if self._open >= self._stride:
            self._close()

    def _close(self) -> None:
        self._stretches.append(self._ongoing())
        self._open, self._since, self._opened = 0, self._last, self._done
        if len(self._stretches) > MAX_STRETCHES:
            self._stretches = joined(self._stretches)
            self._stride *= 2
            if (last := self._stretches[-1]).count < self._stride:
                self._stretches.pop()
                self._open, self._since = last.count, last.start
                self._opened = self._done._replace(
                    evaluation=self._done.evaluation - last.evaluation
                )

    def _ongoing(self) -> Stretch:
        evaluation = self._done.evaluation - self._opened.evaluation
        return Stretch(self._open, self._since, self._last, evaluation)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """All rounds, in order. Where most have evaluation in them, it is a part of them."""
        found = (*self._stretches, *([self._ongoing()] if self._open else []))
        if not self.has_own_evaluation:
            return found
        return tuple(replace(each, evaluation=0.0) for each in found)

    @property
    def has_own_evaluation(self) -> bool:
        """Whether calls without gradients are part of the rounds, as a teacher's are."""
        return 2 * self.evaluated > self.count

    @property
    def mean_work(self) -> Work:
        """Of one round."""
        whole = self._done.since(self._first)
        return Work(*(value / max(1, self.count) for value in whole))

    def _look(self, ended: float, seconds: float, done: Work) -> None:
        """Whether a round that ends is slow."""
        usual = self._usual
        step = 1.0 + max(_STEP, 1.0 / self.count)
        self._usual = usual * step if seconds > usual else usual / step
        if seconds < SLOW_FACTOR * usual or seconds - usual < SLOW_SECONDS:
            return
        self.slow += 1
        found = SlowRound(self.count, self._last, ended, seconds, done.since(self._done))
        self.slowest = sorted([*self.slowest, found], key=lambda each: -each.seconds)[:MAX_SLOWEST]


def joined(stretches: list[Stretch]) -> list[Stretch]:
    """Half as many: each with the one that follows it."""
    return [one.joined(other) for one, other in zip_longest(stretches[::2], stretches[1::2])]


class Loop:
    """What a cell's models do in turn. Not locked: the recorder's lock is held around its calls."""

    def __init__(self) -> None:
        self.tokens = 0  # that decoding steps read, of all rows
        self.evaluations: list[tuple[float, float]] = []  # (start, end), time.perf_counter()
        self.evaluation_count = 0
        self.evaluation_seconds = 0.0
        self._forward = self._backward = self._optimiser = 0.0
        self._elements = self._new_sizes = 0
        self._began: float | None = None
        self._evaluating: tuple[float, float] | None = None
        self._steps: dict[Hashable, Rounds] = {}
        self._calls: dict[Hashable, Rounds] = {}

    def called(self, signature: Signature, started: float, ended: float) -> None:
        """A root call has ended."""
        if self._began is None:
            self._began = started
        if signature.has_gradients:
            self.end_evaluation()
        else:
            since = started if self._evaluating is None else self._evaluating[0]
            self._evaluating = since, ended
        if signature.phase == "decode":
            self.tokens += signature.batch_size // signature.role.beams
        if signature.has_gradients or not self._steps:
            self._forward += ended - started
            self._elements += signature.batch_size * signature.seq_len
            self._new_sizes += signature.calls + signature.failures == 1
        if self._steps:
            return
        key = signature.kind[:2]  # the model, and its phase
        rounds = self._calls.get(key)
        if rounds is None:
            if len(self._calls) >= MAX_SORTS:
                return
            unit = "decoding step" if signature.phase == "decode" else "call"
            rounds = self._calls[key] = Rounds(unit, started, self._done())
        rounds.end(ended, self._done())

    def spent(self, what: str, started: float, ended: float, optimiser: Hashable = None) -> None:
        """A backward pass or a step of an optimiser has ended."""
        self.end_evaluation()
        if what == BACKWARD:
            self._backward += ended - started
            return
        if what != OPTIMISER:
            return
        self._optimiser += ended - started
        rounds = self._steps.get(optimiser)
        if rounds is None:
            if len(self._steps) >= MAX_SORTS:
                return
            self._calls.clear()
            began = started if self._began is None else self._began
            rounds = self._steps[optimiser] = Rounds("step", began, Work())
        rounds.end(ended, self._done())

    @property
    def is_training(self) -> bool:
        """Whether an optimiser made a step."""
        return bool(self._steps)

    @property
    def rounds(self) -> Rounds | None:
        """Of the optimiser that made the most steps, else of the model that was called most."""
        found = list((self._steps or self._calls).values())  # a copy: it may be read meanwhile
        return max(found, key=lambda each: each.count, default=None)

    def _done(self) -> Work:
        return Work(
            self._forward,
            self._backward,
            self._optimiser,
            # Of calls, those without gradients are the rounds themselves.
            self.evaluation_seconds if self._steps else 0.0,
            self._elements,
            self._new_sizes,
        )

    def end_evaluation(self) -> None:
        """No more calls without gradients follow each other."""
        if self._evaluating is None:
            return
        since, until = self._evaluating
        self._evaluating = None
        self.evaluation_seconds += until - since
        self.evaluation_count += 1
        if len(self.evaluations) < MAX_EVALUATIONS:
            self.evaluations.append((since, until))

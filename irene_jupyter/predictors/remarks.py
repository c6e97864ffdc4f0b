"""What is to be said of a prediction as a whole: which options had no effect on it, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from irene_jupyter.predictors.methods import DEFAULT
from irene_jupyter.predictors.predict.bounds import NOT_FLOATING
from irene_jupyter.predictors.predict.launching import USUAL, Launching
from irene_jupyter.predictors.predict.passes import UNTESTED_STEP, UNTRAINED
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.reading import Profile
from irene_jupyter.tree import Node

WAITING = 0.5  # share of a run's time from which its host tells more of it than its board


def remarks(
    roots: Sequence[Node], profile: Profile, method: str, launching: Launching, *, was_run: bool
) -> Iterator[str]:
    """Notes on predicted trees, for people; `was_run` where they only divide what was measured."""
    if isinstance(profile, DeviceProfile) and method != DEFAULT:
        yield (
            f"predicted by {method} without resource features: latency, utilisation and driver "
            f"energy on {profile.label} are not known of a run elsewhere"
        )
    if was_run:
        return
    if any(UNTRAINED in flag for root in roots for flag in root.flags):
        yield UNTESTED_STEP
    if isinstance(profile, BoardProfile):
        yield from _of_board(roots, profile, launching)
        return
    if launching != USUAL:
        yield (
            f"{profile.label} knows no times, so that launch and host_seconds_per_op change "
            "nothing: take the profile of a board, such as h100"
        )
    yield from _of_dtypes(roots, profile)


def _of_dtypes(roots: Iterable[Node], profile: DeviceProfile) -> Iterator[str]:
    """That another dtype gives the same joules there."""
    found = {node.features.dtype for root in roots for node in root.walk() if node.primitive}
    other = sorted(
        dtype
        for dtype in found
        if dtype
        and dtype not in (*profile.dtypes, *profile.coefficients.dtype_factors)
        and not dtype.startswith(NOT_FLOATING)
    )
    if other:
        yield (
            f"{' and '.join(other)} has no effect here: the data of {profile.label} are of "
            f"{' and '.join(profile.dtypes)}, and these are its joules; the profile of a board, "
            "such as h100, tells dtypes apart"
        )


def _of_board(roots: Iterable[Node], profile: BoardProfile, launching: Launching) -> Iterator[str]:
    features = [root.features for root in roots]
    waiting = math.fsum(each.waiting_seconds or 0.0 for each in features)
    whole = math.fsum(each.predicted_seconds or 0.0 for each in features)
    if not whole:
        return
    takes = f"it would take about {_duration(whole)} on the board"
    if launching.launch == "graph":
        yield f"{takes}, launched as recorded graphs: no time of a host is in it"
    elif waiting < WAITING * whole:
        yield takes
    else:
        seconds = launching.host_seconds_per_op
        each = 1e6 * (seconds or profile.constants.host_seconds_per_operation)
        whose = "" if seconds else f", as on {profile.host} (host_seconds_per_op sets another)"
        yield (
            f"{takes}, which is launch-bound: {waiting / whole:.0%} of the time it waits for its "
            f"host, which launches an operation every {each:.3g} µs{whose}. Larger batches, CUDA "
            "graphs (launch='graph') or torch.compile make it shorter"
        )


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1e6 * seconds:.3g} µs"

"""What is to be said of a prediction as a whole: which options had no effect on it, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from irene_jupyter.predictors.methods import DEFAULT
from irene_jupyter.predictors.predict.bounds import NOT_FLOATING
from irene_jupyter.predictors.predict.launching import USUAL, Launching
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
        if dtype and dtype not in profile.dtypes and not dtype.startswith(NOT_FLOATING)
    )
    if other:
        yield (
            f"{' and '.join(other)} has no effect here: the data of {profile.label} are of "
            f"{' and '.join(profile.dtypes)}, and these are its joules; the profile of a board, "
            "such as h100, tells dtypes apart"
        )


def _of_board(roots: Iterable[Node], profile: BoardProfile, launching: Launching) -> Iterator[str]:
    if launching.launch == "graph":
        yield "launched as recorded graphs: no time of a host is in it"
        return
    waiting = math.fsum(root.features.waiting_seconds or 0.0 for root in roots)
    whole = math.fsum(root.features.predicted_seconds or 0.0 for root in roots)
    if not whole or waiting < WAITING * whole:
        return
    seconds = launching.host_seconds_per_op
    each = 1e6 * (seconds or profile.constants.host_seconds_per_operation)
    whose = "" if seconds else f", as on {profile.host} (host_seconds_per_op sets another)"
    yield (
        f"launch-bound: {waiting / whole:.0%} of the time the board waits for its host, which "
        f"launches an operation every {each:.3g} µs{whose}. Larger batches, CUDA graphs "
        "(launch='graph') or torch.compile make it shorter"
    )

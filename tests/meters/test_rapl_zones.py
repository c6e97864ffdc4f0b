"""Which RAPL files are read and added, in trees as the kernel's documentation has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import Powercap

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.meters.counters.rapl_zones import packages, rapl_counters
from irene_jupyter.resources.boards import Boards


def names(root: Path, mounted: Path = Path("/nowhere")) -> list[tuple[str, str]]:
    return [(each.name, each.scope) for each in rapl_counters(root, mounted=mounted)]


def sysfs(tmp_path: Path) -> Path:
    """A server of two sockets: the class's folder holds links into the device's."""
    device = Powercap.__new__(Powercap)
    device.root = tmp_path / "devices/virtual/powercap/intel-rapl"
    for package in range(2):
        device.zone(f"intel-rapl:{package}", f"package-{package}")
        for part, name in enumerate(("core", "dram")):
            device.zone(f"intel-rapl:{package}/intel-rapl:{package}:{part}", name)
    root = tmp_path / "class/powercap"
    root.mkdir(parents=True)
    for zone in device.root.rglob("intel-rapl:*"):
        (root / zone.name).symlink_to(zone)
    (root / "intel-rapl").symlink_to(device.root)
    return root


def test_memory_of_each_socket_lies_beside_its_package(tmp_path: Path) -> None:
    assert names(sysfs(tmp_path)) == [
        ("CPU package 0 (RAPL)", "cpu"),
        ("CPU package 1 (RAPL)", "cpu"),
        ("memory of package 0 (RAPL)", "dram"),
        ("memory of package 1 (RAPL)", "dram"),
    ]
    assert len(packages(sysfs(tmp_path / "again"))) == 2


def test_a_laptop_tells_of_its_platform_last(powercap: Powercap) -> None:
    assert [scope for _, scope in names(powercap.root)] == ["cpu", "dram", "board"]


def test_eleven_packages_stand_in_order(tmp_path: Path) -> None:
    machine = Powercap.__new__(Powercap)
    machine.root = tmp_path
    for number in range(11):
        machine.zone(f"intel-rapl:{number}", f"package-{number // 2}-die-{number % 2}")
    assert [name for name, _ in names(tmp_path)][-2:] == [
        "CPU package 4-die-1 (RAPL)",
        "CPU package 5-die-0 (RAPL)",
    ]


def test_a_container_that_hides_them_is_told_which_mount_helps(tmp_path: Path) -> None:
    root = sysfs(tmp_path)
    device = tmp_path / "devices/virtual/powercap/intel-rapl"
    device.rename(tmp_path / "hidden")
    device.mkdir()  # as Docker's mask: an empty folder over the files
    with pytest.raises(MeterError, match="container hides") as error:
        rapl_counters(root, mounted=tmp_path / "nowhere")
    assert "-v /sys/devices/virtual/powercap/intel-rapl:/host/powercap:ro" in str(error.value)
    found = names(root, mounted=tmp_path / "hidden")
    assert [scope for _, scope in found] == ["cpu", "cpu", "dram", "dram"]


def test_amds_older_driver_tells_its_sockets(tmp_path: Path) -> None:
    driver = tmp_path / "hwmon/hwmon3"
    driver.mkdir(parents=True)
    (tmp_path / "hwmon/hwmon0").mkdir()
    (driver / "name").write_text("amd_energy\n")
    for number, label in enumerate(("Ecore000", "Ecore001", "Esocket0", "Esocket1"), start=1):
        (driver / f"energy{number}_label").write_text(f"{label}\n")
        (driver / f"energy{number}_input").write_text("1000000\n")
    found = rapl_counters(tmp_path / "powercap", mounted=tmp_path / "nowhere")
    assert [each.name for each in found] == ["CPU package 0 (RAPL)", "CPU package 1 (RAPL)"]
    found[1].start()
    (driver / "energy4_input").write_text("43500000\n")
    reading = found[1].stop()
    assert reading is not None
    assert reading.joules == 42.5


def test_around_a_block_all_of_them_are_read(powercap: Powercap) -> None:
    boards, counters = Boards(0.17), Counters(powercap.root)
    counters.start(boards)
    for joules, zone in ((15.0, "0"), (2.0, "0:1"), (40.0, "1")):
        powercap.energy(5 + joules, f"intel-rapl:{zone}")
    counters.stop()
    counts = {each.reading.scope: each.reading.joules for each in counters.counted}
    assert counts == {"cpu": 15.0, "dram": 2.0, "board": 40.0}

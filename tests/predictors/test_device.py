"""Device profiles: shipped, the user's own, and files that must be refused."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.forms.coefficients import KNOWN
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import (
    SHIPPED_FOLDER,
    devices,
    fingerprint,
    load_device,
    user_devices_folder,
)


def test_the_reference(profile: DeviceProfile) -> None:
    assert (profile.name, profile.label, profile.kind) == (
        "gtx1080ti",
        "GTX 1080 Ti PC",
        "reference",
    )
    assert profile.fingerprint is None
    assert "acl-long.167" in profile.citation
    assert profile.training["trees"] == 166
    assert set(profile.scorecard["error_percent"]) == {"LOMO", "SIZE", "FAM"}
    assert {info.origin for info in devices()} == {"shipped"}
    assert load_device("auto").name == "gtx1080ti"


def test_round_trip(profile: DeviceProfile, tmp_path: Path) -> None:
    path = profile.save(tmp_path / "new" / "copy.json")
    assert load_device(path) == load_device(str(path)) == profile
    assert DeviceProfile.from_dict(profile.to_dict()) == profile
    assert [item.name for item in path.parent.iterdir()] == ["copy.json"]


def test_a_file_is_read_again_once_it_has_changed(profile: DeviceProfile, tmp_path: Path) -> None:
    path = profile.save(tmp_path / "mine.json")
    assert load_device(path) is load_device(path)
    replace(profile, label="Another").save(path)
    assert load_device(path).label == "Another"


def test_a_file_of_before_holds_intervals_that_nobody_reads(profile: DeviceProfile) -> None:
    data = profile.to_dict()
    data["intervals"] = dict.fromkeys(KNOWN, data["intervals"]["features"])
    assert DeviceProfile.from_dict(data).intervals["features"] == profile.intervals["features"]


def test_a_failed_save_leaves_the_old_file(
    profile: DeviceProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("irene_jupyter.files.os.replace", full)
    with pytest.raises(DeviceError, match=r"No space left.*choose a folder"):
        profile.save(path)
    assert [item.name for item in tmp_path.iterdir() if item.is_file()] == ["p.json"]
    assert path.read_text() == "old"


def test_auto_takes_the_profile_of_this_machine(profile: DeviceProfile) -> None:
    folder = user_devices_folder()
    other = fingerprint() | {"cpu": "another"}
    replace(profile, name="other", kind="calibrated", fingerprint=other).save(folder / "a.json")
    assert load_device("auto").name == "gtx1080ti"
    mine = replace(profile, name="mine", kind="calibrated", fingerprint=fingerprint())
    mine.save(folder / "mine.json")
    assert load_device("auto") == mine == load_device("mine")
    assert [info.name for info in devices() if info.origin != "shipped"] == ["other", "mine"]
    assert devices()[-1].origin == str(folder / "mine.json")


def test_a_users_profile_cannot_stand_for_the_reference(profile: DeviceProfile) -> None:
    replace(profile, label="fake").save(user_devices_folder() / "gtx1080ti.json")
    assert load_device("gtx1080ti").label == "GTX 1080 Ti PC"
    assert {info.origin for info in devices()} == {"shipped"}


def test_a_damaged_profile_of_the_user(caplog: pytest.LogCaptureFixture) -> None:
    user_devices_folder().mkdir(parents=True)
    (user_devices_folder() / "broken.json").write_text("{")
    assert "broken" not in [info.name for info in devices()]
    assert "broken.json is damaged" in caplog.text
    with pytest.raises(DeviceError, match=r"broken\.json is damaged"):
        load_device("broken")


@pytest.mark.parametrize("name", ["v100", "", "..", "GTX 1080"])
def test_an_unknown_device_lists_the_known(name: str) -> None:
    with pytest.raises(DeviceError, match=r"unknown device .*gtx1080ti.*path"):
        load_device(name)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"no device profile at .*none\.json"):
        load_device(str(tmp_path / "none.json"))
    with pytest.raises(DeviceError, match="no device profile at"):
        load_device(tmp_path)


def _set(data: dict[str, Any], keys: tuple[Any, ...], value: Any) -> None:
    for key in keys[:-1]:
        data = data[key]
    data[keys[-1]] = value


DEEP: Any = []
for _ in range(50):
    DEEP = [DEEP]


TREES = ("leaves", "GEMM", "residual", "trees")


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("schema_version",), 3, "schema version 3.*update"),
        (("schema_version",), 1, "schema version 1.*train the profile again from its data"),
        (("schema_version",), True, "schema version"),
        (("kind",), "irene.energy", "not a device profile"),
        (("name",), "../../x", "'name'"),
        (("name",), 3, "'name'"),
        (("label",), "", "'label'"),
        (("profile_kind",), "measured", "'profile_kind'"),
        (("leaves", "GEMM", "floor_joules"), -1.0, "floor_joules"),
        (("leaves", "GEMM", "floor_joules"), "1", "floor_joules"),
        (("leaves", "GEMM", "floor_joules"), 10**400, "floor_joules"),
        (("leaves", "GEMM", "sharpness"), 0.5, "sharpness"),
        (("leaves", "GEMM", "features", 0, "joules_per_unit"), -1e-9, "'megaflops'"),
        (("leaves", "GEMM", "features", 0, "joules_per_unit"), 1e300, "'megaflops'"),
        (("leaves", "GEMM", "features", 0, "column"), "secret", "unknown feature 'secret'"),
        (("leaves", "GEMM", "features", 0, "range"), [3, 1], "order"),
        (("leaves", "GEMM", "features"), [], "GEMM"),
        (("leaves", "LayerNorm", "features"), [], "LayerNorm"),
        (("leaves",), {}, "GEMM"),
        (("leaves",), [], "'leaves'"),
        (("own",), [], "'own'"),
        (("own", 0), 7, "coefficient"),
        (("intervals", "features", "model", "low"), 1.5, "contain 1"),
        (("intervals", "features", "model", "low"), 0, "contain 1"),
        (("intervals", "guesses"), {}, "knows only"),
        (("measured", "idle_watts"), -1, "'idle_watts'"),
        (("measured", "waiting_watts"), "2", "'waiting_watts'"),
        (("latency", "own_watts"), None, "'own_watts'"),
        (("root_scaling", "root", "ml"), -1, "power"),
        (("sizes", 0), [8], "size"),
        (("sizes", 0), [0, 32], "batch size"),
        ((*TREES, 0), 7, "tree must be an object"),
        ((*TREES, 0, "column"), [], "equally long"),
        ((*TREES, 0, "column", 0), 99, "column"),
        ((*TREES, 0, "column", 0), -2, "column"),
        ((*TREES, 0, "value", 0), "1", "value"),
        ((*TREES, 0, "value"), [0.1], "equally long"),
        ((*TREES, 0, "right", 0), 0, "does not lead on"),
        ((*TREES, 0, "right", 0), 10**6, "branch"),
        ((*TREES, 0, "column", -1), 0, "does not lead on"),
        ((*TREES, 0, "value", -1), 1e9, "is none"),
        (TREES, [{"column": [-1], "value": [0.0], "right": [0]}] * 3000, "too many trees"),
        ((*TREES[:-1], "columns", 0, "column"), "secret", "unknown feature 'secret'"),
        ((*TREES[:-1], "columns", 0, "range"), [2, 1], "order"),
        (("ranges", "seq_len"), [1], "range"),
        (("dtypes",), [], "'dtypes'"),
        (("training", "note"), DEEP, "nested"),
        (("training", "note"), "x" * 100_000, "too large"),
        (("fingerprint",), "me", "'fingerprint'"),
    ],
)
def test_hostile_profiles_are_refused(
    profile: DeviceProfile, tmp_path: Path, keys: tuple[Any, ...], value: Any, message: str
) -> None:
    data = copy.deepcopy(profile.to_dict())
    _set(data, keys, value)
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(data))
    with pytest.raises(DeviceError, match=message) as caught:
        load_device(path)
    assert "hostile.json" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 200_000, '{"kind": NaN}', '{"a": Infinity}', "[]", "9" * 9000, "null"],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "damaged.json"
    path.write_text(text)
    with pytest.raises(DeviceError, match=r"damaged\.json"):
        load_device(path)


def test_binary_and_huge_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(b"\x80\x04\x95")
    with pytest.raises(DeviceError, match="damaged"):
        load_device(path)
    path.write_bytes(b" " * (5 * 2**20))
    with pytest.raises(DeviceError, match="larger than 4 MiB"):
        load_device(path)


def test_listing_devices_and_predicting_import_nothing_heavy() -> None:
    code = (
        "import sys; from irene_jupyter.predictors.profiles.loading import devices; devices();"
        "import irene_jupyter.predictors.predict.predicted;"
        "print([m for m in ('torch', 'numpy', 'scipy', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_folder_that_ships_holds_only_profiles() -> None:
    for path in SHIPPED_FOLDER.iterdir():
        assert load_device(path).name == path.stem

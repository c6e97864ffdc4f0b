"""Reading a report: JSON that may be damaged or hostile → EnergyReport, or one clear error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from irene_jupyter.checker import Checker, is_number, strict_json
from irene_jupyter.errors import ReportError
from irene_jupyter.files import MAX_BYTES
from irene_jupyter.report.deflated import inflated
from irene_jupyter.report.device_label import DeviceKind, DeviceLabel, DeviceScope, Elsewhere
from irene_jupyter.report.parts import (
    BASES,
    PART_KINDS,
    CounterNote,
    MeasuredEnergy,
    Part,
    Parts,
    ProcessShare,
)
from irene_jupyter.report.phases import PhaseSummaries, PhaseSummary
from irene_jupyter.report.report import KIND, SCHEMA_VERSION, EnergyReport, Mode
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.report.trend import trend_from_dict
from irene_jupyter.tree import SOURCES, Energy, Node, RunStatus, Shape, TreeError
from irene_jupyter.tree_json import node_from_dict

# Relative tolerance between a file's `total_joules` and its root's energy.
_TOTAL_TOLERANCE = 1e-9
_MOST_JOULES = 1e18  # some hours of the world's electricity; sums of such stay finite
_MAX_JSON_DEPTH = 16  # of `resources` and `configuration`
_REMEDY = "it is damaged or was not written by irene_jupyter; save the report again"
_CHECK = Checker(lambda what: ReportError(f"{what}: {_REMEDY}"))


def report_from_text(text: str) -> EnergyReport:
    """The report in a file's text. Raises `ReportError` for all that is not strict JSON."""
    return report_from_dict(_json_from_text(text))


def report_from_dict(data: Any) -> EnergyReport:
    """The report that `EnergyReport.to_dict` wrote. Raises `ReportError` on anything else."""
    try:
        return _report_from_dict(data)
    except TreeError as error:
        raise ReportError(f"{error}: {_REMEDY}") from error
    except OverflowError as error:  # sums of finite joules that are not finite
        raise ReportError(f"its numbers are too large: {_REMEDY}") from error
    except RecursionError:  # where the caller is deep in the stack itself
        raise ReportError(f"nested too deeply: {_REMEDY}") from None


def _json_from_text(text: str) -> Any:
    try:
        return strict_json(text)
    except ValueError as error:  # JSONDecodeError among them
        raise ReportError(f"not valid JSON ({error}): {_REMEDY}") from error


def _unwrapped(data: Any) -> Any:
    """The JSON in `data`, which is a text of it in notebooks (`brief.py`)."""
    if not isinstance(data, str):
        return data
    try:
        text = inflated(data, MAX_BYTES)
    except ValueError as error:
        _CHECK.refuse(f"a text of JSON cannot be read: {error}")
    return _json_from_text(text)


def _tree(data: Any) -> Node:
    return node_from_dict(_unwrapped(data), brief=isinstance(data, str))


def _report_from_dict(data: Any) -> EnergyReport:
    if not isinstance(data, dict) or data.get("kind") != KIND:
        _CHECK.refuse(f"this is no energy report (no object of kind {KIND!r})")
    version = data.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise ReportError(
            f"schema_version is {version!r} and this irene_jupyter reads {SCHEMA_VERSION}: "
            "update irene_jupyter, or make the report again with this version"
        )
    resources = _unwrapped(data.get("resources"))
    if resources is not None:
        _check_json("resources", _CHECK.field({"resources": resources}, "resources", dict))
    root = None if data.get("root") is None else _tree(data["root"])
    if root is not None and root.energy is None:
        _CHECK.refuse("the root has no energy")
    report = EnergyReport(
        root=root,
        not_run=tuple(_tree(node) for node in _CHECK.field(data, "not_run", list)),
        runs=tuple(_runs_from_json(data.get("runs"))),
        phases=PhaseSummaries(
            map(_phase_from_dict, _CHECK.field({"phases": [], **data}, "phases", list))
        ),
        device=_device_from_dict(data.get("device")),
        elsewhere=_elsewhere_from_dict(data.get("elsewhere")),
        mode=_CHECK.one_of(data, "mode", get_args(Mode)),
        resources=resources,
        configuration=_configuration_from_dict(_unwrapped(data.get("configuration"))),
        parts=_parts_from_list(data.get("parts")),
        measured=_measured_from_dict(data.get("measured")),
        trend=trend_from_dict(_unwrapped(data.get("trend")), _CHECK),
        observer=_observer_from_dict(data.get("observer")),
        notes=tuple(_CHECK.strings(data.get("notes"), "'notes'")),
        created=_CHECK.field(data, "created", str),
        versions=_CHECK.field(data, "versions", dict),
    )
    _CHECK.strings(list(report.versions.values()), "'versions'")
    for tree in (report.root, *report.not_run):
        for node in tree.walk() if tree is not None else ():
            if node.energy is not None and node.energy.high > _MOST_JOULES:
                _CHECK.refuse(f"{node.path!r} has more than {_MOST_JOULES:.0e} J")
    total = _number(data, "total_joules")
    if not math.isclose(total, report.total_joules, rel_tol=_TOTAL_TOLERANCE):
        _CHECK.refuse(f"total_joules is {total} and the root has {report.total_joules}")
    return report


def _configuration_from_dict(data: Any) -> dict[str, Any] | None:
    """Absent in older reports. Nothing is built before the report is explored."""
    if data is None:
        return None
    if not isinstance(data, dict):
        _CHECK.refuse("'configuration' must be an object or null")
    _CHECK.field(data, "model_class", str)
    _CHECK.field(data, "config", dict)
    _text_or_none(data, "attention")
    _check_json("configuration", data)
    return data


def _device_from_dict(data: Any) -> DeviceLabel:
    if not isinstance(data, dict):
        _CHECK.refuse("'device' must be an object")
    return DeviceLabel(
        name=_CHECK.field(data, "name", str),
        label=_CHECK.field(data, "label", str),
        kind=_CHECK.one_of(data, "kind", get_args(DeviceKind)),
        scope=_CHECK.one_of({"scope": "machine"} | data, "scope", get_args(DeviceScope)),
        how=_CHECK.field({"how": "", **data}, "how", str),
    )


def _elsewhere_from_dict(data: Any) -> Elsewhere | None:
    """Absent in reports of before estimates for this machine."""
    if data is None:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("energy"), dict):
        _CHECK.refuse("'elsewhere' must be an object with 'energy'")
    energy, bounds = data["energy"], _interval(data["energy"])
    if bounds["joules"] is None:
        _CHECK.refuse("'elsewhere' has no joules")
    values = {name: value for name, value in bounds.items() if value is not None}
    source = _CHECK.one_of(energy, "source", SOURCES)
    return Elsewhere(
        _device_from_dict(data.get("device")),
        Energy(**values, source=source),
        _CHECK.field(data, "is_untested", bool),
    )


def _runs_from_json(data: Any) -> Iterator[RunSummary]:
    """In a notebook many are a text, with a list for each key."""
    runs = _unwrapped(data)
    if isinstance(data, str):
        if not isinstance(runs, dict) or not all(isinstance(each, list) for each in runs.values()):
            _CHECK.refuse("the text of 'runs' must be an object of lists")
        if len({len(values) for values in runs.values()}) > 1:
            _CHECK.refuse("the lists in 'runs' must be equally long")
        runs = [dict(zip(runs, values, strict=True)) for values in zip(*runs.values(), strict=True)]
    for run in _CHECK.field({"runs": runs}, "runs", list):
        if not isinstance(run, dict):
            _CHECK.refuse("a run must be an object")
        yield _run_from_dict(run)


def _run_from_dict(data: dict[str, Any]) -> RunSummary:
    shapes = _CHECK.field(data, "input_shapes", list)
    return RunSummary(
        model=_CHECK.field(data, "model", str),
        phase=None if data.get("phase") is None else _CHECK.field(data, "phase", str),
        status=_CHECK.one_of(data, "status", get_args(RunStatus)),
        training=_CHECK.field({"training": False, **data}, "training", bool),
        calls=_count(data, "calls", 1),
        seconds=None if data.get("seconds") is None else _number(data, "seconds"),
        batch_size=_count(data, "batch_size", 0),
        seq_len=_count(data, "seq_len", 0),
        tokens=_count({"tokens": 0, **data}, "tokens", 0),
        items=_count({"items": 0, **data}, "items", 0),
        cache_length=None if data.get("cache_length") is None else _count(data, "cache_length", 0),
        padding_share=_share(data, "padding_share"),
        input_shapes=tuple(_shape(shape) for shape in shapes),
        joules=_number(data, "joules"),
        signature=_CHECK.field(data, "signature", str),
    )


def _phase_from_dict(data: Any) -> PhaseSummary:
    if not isinstance(data, dict):
        _CHECK.refuse("a phase must be an object")
    root = _tree(data.get("root"))
    if root.energy is None or root.energy.high > _MOST_JOULES:
        _CHECK.refuse("the root of a phase has no energy, or an absurd one")
    phase = PhaseSummary(
        phase=_CHECK.field(data, "phase", str),
        model=_CHECK.field(data, "model", str),
        root=root,
        calls=_count(data, "calls", 1),
        tokens=_count(data, "tokens", 0),
        samples=_count({"samples": 0, **data}, "samples", 0),
        steps=_count({"steps": 0, **data}, "steps", 0),
        seconds=_optional(data, "seconds"),
        is_here=_CHECK.field(data, "is_here", bool),
    )
    if not math.isclose(_number(data, "joules"), phase.joules, rel_tol=_TOTAL_TOLERANCE):
        _CHECK.refuse(f"a phase has {data['joules']} J and its root {phase.joules}")
    return phase


def _parts_from_list(data: Any) -> Parts | None:
    """Absent in reports of before counters were read."""
    if data is None:
        return None
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        _CHECK.refuse("'parts' must be a list of objects")
    return Parts(
        tuple(
            Part(
                name=_CHECK.field(each, "name", str),
                kind=_CHECK.one_of(each, "kind", PART_KINDS),
                seconds=_optional(each, "seconds"),
                basis=_CHECK.one_of(each, "basis", (None, *BASES)),
                **_interval(each),
            )
            for each in data
        )
    )


def _measured_from_dict(data: Any) -> MeasuredEnergy | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        _CHECK.refuse("'measured' must be an object or null")
    counters = _CHECK.field(data, "counters", list)
    if not all(isinstance(each, dict) for each in counters):
        _CHECK.refuse("'counters' must hold objects")
    return MeasuredEnergy(
        seconds=_optional(data, "seconds"),
        scope=_CHECK.field(data, "scope", str),
        counters=tuple(
            CounterNote(
                name=_CHECK.field(each, "name", str),
                scope=_CHECK.field(each, "scope", str),
                joules=_optional(each, "joules"),
                seconds=_optional(each, "seconds"),
                used=_CHECK.field(each, "used", bool),
                reason=_text_or_none(each, "reason"),
            )
            for each in counters
        ),
        reason=_text_or_none(data, "reason"),
        beyond_idle=_optional(data, "beyond_idle") if "beyond_idle" in data else None,
        process=_process_from_dict(data["process"]) if "process" in data else None,
        **_interval(data),
    )


def _process_from_dict(data: Any) -> ProcessShare:
    if not isinstance(data, dict) or _number(data, "cpu_share") > 1:
        _CHECK.refuse("'process' must be an object with a 'cpu_share' up to 1")
    _interval(data)
    joules, low, high, packages = (
        _number(data, name) for name in ("joules", "low", "high", "packages_joules")
    )
    return ProcessShare(data["cpu_share"], joules, low, high, packages)


def _observer_from_dict(data: Any) -> dict[str, Any] | None:
    if data is None:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("stages"), dict):
        _CHECK.refuse("'observer' must be an object with 'stages'")
    for name in data["stages"]:
        _optional(data["stages"], name)
    for name in ("during_seconds", "around_seconds"):
        _number(data, name)
    _optional(data, "percent")
    return data


def _interval(data: Mapping[str, Any]) -> dict[str, float | None]:
    values = {name: _optional(data, name) for name in ("joules", "low", "high")}
    low, joules, high = values["low"], values["joules"], values["high"]
    if joules is None:
        if (low, high) != (None, None):
            _CHECK.refuse("an interval without joules")
    elif low is None or high is None or not low <= joules <= high <= _MOST_JOULES:
        _CHECK.refuse(f"{joules} J do not lie in their interval")
    return values


def _number(data: Mapping[str, Any], key: str) -> float:
    return _CHECK.number(data.get(key), repr(key))


def _count(data: Mapping[str, Any], key: str, least: int) -> int:
    return _CHECK.whole(data.get(key), repr(key), least)


def _optional(data: Mapping[str, Any], key: str) -> float | None:
    return None if data.get(key) is None else _number(data, key)


def _share(data: Mapping[str, Any], key: str) -> float | None:
    found = _optional(data, key)
    if found is not None and not 0 <= found <= 1:
        _CHECK.refuse(f"{key!r} must lie between 0 and 1")
    return found


def _text_or_none(data: Mapping[str, Any], key: str) -> str | None:
    return None if data.get(key) is None else _CHECK.field(data, key, str)


def _shape(value: Any) -> Shape:
    if not isinstance(value, list):
        _CHECK.refuse("'input_shapes' must hold lists of sizes")
    return tuple(_count({"input_shapes": size}, "input_shapes", 0) for size in value)


def _check_json(key: str, value: Any, depth: int = 0) -> None:
    """Refuse what `json` itself lets through: infinite numbers (1e999), and great depth."""
    if depth > _MAX_JSON_DEPTH:
        _CHECK.refuse(f"{key!r} is nested too deeply")
    if type(value) in (int, float) and not is_number(value, signed=True):
        _CHECK.refuse(f"{key!r} holds a number that is not finite")
    for item in value.values() if isinstance(value, dict) else ():
        _check_json(key, item, depth + 1)
    for item in value if isinstance(value, list) else ():
        _check_json(key, item, depth + 1)

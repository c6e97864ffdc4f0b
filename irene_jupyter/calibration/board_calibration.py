"""A board's own constants: its suite beside its energy counter, and the profile of both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from irene_jupyter.calibration.fit.board_results import (
    board_header,
    calibrated_board,
    write_nodes,
)
from irene_jupyter.calibration.running.board_session import BoardSession
from irene_jupyter.calibration.running.events import Watcher
from irene_jupyter.calibration.running.journal import KEEP, Journal
from irene_jupyter.calibration.running.pace import Pace
from irene_jupyter.calibration.running.records import Finished, Rest
from irene_jupyter.calibration.workload.board_bench import BoardBench
from irene_jupyter.calibration.workload.board_suite import BoardSuite
from irene_jupyter.errors import OptionError
from irene_jupyter.meters.counters.nvml_counter import UPDATE_SECONDS
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.loading import fingerprint
from irene_jupyter.versions import versions

FIT_SECONDS = 5.0
NODES = ".nodes.jsonl.gz"  # the suffix of the measured runs, beside the checkpoint


def calibrate_board(
    meter: str | PowerMeter,
    suite: BoardSuite,
    bench: BoardBench,
    *,
    name: str,
    rounds: int,
    resume: bool,
    output: Path,
    checkpoint: Path,
    watch: Watcher,
    seed: int,
    meter_options: Mapping[str, Any],
) -> BoardProfile:
    """As `calibrate`, which has checked the names; the measured runs stay beside the checkpoint.

    Raises `OptionError` for a meter of anything else than a board.
    """
    opened = _opened(meter, bench, meter_options)
    identity = {
        "suite": [suite.name, [case.key for case in suite.cases]],
        "machine": {**fingerprint(), "device": bench.device},
    }
    about = {"created": _now(), "versions": dict(versions())}
    pace = Pace(watch, FIT_SECONDS)
    try:
        with Journal(checkpoint, identity, about, resume=resume) as journal:
            session = BoardSession(
                opened, suite, bench, journal, pace, rounds=rounds, seed=seed, watch=watch
            )
            with opened:
                session.run()
            pace.fitting(0.0)
            header = {
                **board_header(bench.board, journal.records),
                **versions(),
                "seconds_a_node": suite.timing.run_seconds,
            }
            runs = checkpoint.with_name(checkpoint.name.removesuffix(KEEP) + NODES)
            write_nodes(runs, header, suite.cases, session.nodes, journal.records)
            used = journal.meter
            rest = [each.watts for each in journal.records if isinstance(each, Rest)]
            profile = calibrated_board(
                runs,
                name=name,
                training={
                    "suite": suite.name,
                    "rounds": rounds,
                    "meter": used.source,
                    "scope": used.scope,
                    "truth": used.truth,
                    "simulated": used.simulated,
                    "standby_watts": rest[-1],
                    "device": bench.device,
                    "created": _now(),
                },
            )
            profile.save(output)
            journal.add(Finished(str(output), _now()))
    finally:
        bench.close()
    pace.done(f"stored {output}; the measured runs are in {runs}")
    return profile


def _opened(meter: str | PowerMeter, bench: BoardBench, options: Mapping[str, Any]) -> PowerMeter:
    """Not open yet; every change of the counter is a sample."""
    if isinstance(meter, str) and meter.partition(":")[0] == "nvml":
        return open_meter(
            f"nvml:{bench.uuid}" if meter == "nvml" and bench.uuid else meter,
            **{"period_seconds": UPDATE_SECONDS, **options},
        )
    if isinstance(meter, str) or meter.scope != "gpu":
        what = meter if isinstance(meter, str) else meter.source
        raise OptionError(
            f"the suite board reads a board's own energy counter, and {what} does not: take the "
            "meter nvml, or another suite"
        )
    return meter


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""`%irene_calibrate`: its arguments, its run in a notebook or terminal, its result on display."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from irene_jupyter.commands.calibrate import KEPT
from irene_jupyter.commands.meter_arguments import meter_options
from irene_jupyter.errors import IreneError
from irene_jupyter.notebook.display import has_kernel

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from irene_jupyter.predictors.profiles.board_profile import BoardProfile
    from irene_jupyter.predictors.profiles.device_profile import DeviceProfile

VARIABLE = "_profile"  # the user's name for the last profile


def run(shell: InteractiveShell, arguments: argparse.Namespace) -> None:
    """The magic, once its line is parsed. Raises `UsageError`, after an interrupt, too."""
    from irene_jupyter.calibration.calibrate import calibrate, plan
    from irene_jupyter.calibration.fit.view import text
    from irene_jupyter.calibration.running.events import SIMULATED
    from irene_jupyter.calibration.workload.board_suite import BoardSuite
    from irene_jupyter.calibration.workload.suite import Suite
    from irene_jupyter.meters.meter import PowerMeter

    if arguments.meter is None and not arguments.dry_run:
        from irene_jupyter.doctor import which_meter

        raise UsageError(f"%irene_calibrate: {which_meter()}")
    meter = _variable(shell, arguments.meter, PowerMeter)
    suite = _variable(shell, arguments.suite, Suite, BoardSuite)
    is_meter = isinstance(meter, PowerMeter)
    simulated = meter.is_simulated if is_meter else str(meter).startswith("simulated")
    try:
        options = meter_options(arguments, meter)
        planned = plan(
            suite,
            name=arguments.name,
            rounds=arguments.rounds,
            output=arguments.output,
            simulated=simulated,
        )
        if arguments.dry_run:
            print(planned.text())
            return
        print(planned.text().partition("\n\n")[2], flush=True)
        watch, stopped = _watcher(shell)
        try:
            profile = calibrate(
                meter,
                suite=planned.suite,
                name=planned.name,
                rounds=planned.rounds,
                resume=arguments.resume,
                output=arguments.output,
                meter_accuracy=arguments.meter_accuracy,
                watch=watch,
                meter_options=options,
            )
        except KeyboardInterrupt:
            stopped("interrupted")
            # An error still, so that cells which wait do not run; but without a traceback.
            kept = f"; {KEPT}" if planned.checkpoint.exists() else ""
            raise UsageError(f"%irene_calibrate: interrupted{kept}") from None
        except IreneError:
            stopped("stopped")
            raise
    except IreneError as error:
        raise UsageError(f"%irene_calibrate: {error}") from None
    shell.user_ns[VARIABLE] = profile
    if has_kernel(shell):
        display(bundle(profile), raw=True)  # type: ignore[no-untyped-call]
    else:
        print(text(profile))
    print(f"{profile.name} is stored in {planned.output}; the profile is in `{VARIABLE}`")
    if profile.is_simulated:
        print(SIMULATED)


def bundle(profile: DeviceProfile | BoardProfile) -> dict[str, Any]:
    """The scorecard for a notebook."""
    from irene_jupyter.calibration.fit.view import html, text

    return {"text/html": html(profile), "text/plain": text(profile)}


def _variable(shell: InteractiveShell, name: str, *kinds: type) -> Any:
    """The user's variable of that name if it is of such a kind, else the name."""
    value = shell.user_ns.get(name)
    return value if isinstance(value, kinds) else name


def _watcher(shell: InteractiveShell) -> tuple[Callable[[Any], None], Callable[[str], None]]:
    """Who watches, and what to call if it stops before its end."""
    if has_kernel(shell):
        from irene_jupyter.notebook.progress import CalibrationProgress

        progress = CalibrationProgress()
        progress.show()
        return progress, progress.stopped
    from irene_jupyter.calibration.running.terminal import Terminal

    lines = Terminal(sys.stderr)
    return lines, lines.say

"""irene_jupyter: the energy of machine-learning models, node by node, in Jupyter.

Load the magics with `%load_ext irene_jupyter`. Public names are imported on first use,
so that `import irene_jupyter` costs nothing: neither torch nor pandas is loaded by it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

from irene_jupyter.errors import IreneError

__version__ = "0.1.0"

_HOMES = {
    "Energy": "irene_jupyter.tree",
    "EnergyMonitor": "irene_jupyter.measurement",
    "EnergyReport": "irene_jupyter.report.report",
    "EnergyTree": "irene_jupyter.notebook.widget",
    "Options": "irene_jupyter.options",
    "Explorer": "irene_jupyter.notebook.explorer",
    "calibrate": "irene_jupyter.calibration.calibrate",
    "compare_devices": "irene_jupyter.device_comparison",
    "crossvalidate": "irene_jupyter.predictors.evaluate.crossvalidation",
    "devices": "irene_jupyter.predictors.profiles.loading",
    "explore": "irene_jupyter.notebook.explorer",
    "load_device": "irene_jupyter.predictors.profiles.loading",
    "load_report": "irene_jupyter.report.saved",
    "load_trees": "irene_jupyter.predictors.fit.dataset",
    "measure": "irene_jupyter.measurement",
    "predict": "irene_jupyter.predicting",
    "register_primitive": "irene_jupyter.capture.count.primitives",
    "sweep": "irene_jupyter.sweeps",
    "train_device": "irene_jupyter.predictors.fit.device_training",
}

__all__ = [
    "IreneError",
    "__version__",
    "load_ipython_extension",
    "unload_ipython_extension",
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def load_ipython_extension(ip: InteractiveShell) -> None:
    """`%load_ext irene_jupyter`: registers the magics and the reports' display.

    Loading twice does no more than loading once. Raises nothing.

    >>> from IPython.core.interactiveshell import InteractiveShell
    >>> shell = InteractiveShell.instance()
    >>> load_ipython_extension(shell)
    >>> "energy" in shell.magics_manager.magics["cell"]
    True
    """
    from irene_jupyter.notebook.magics import load

    load(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """`%unload_ext irene_jupyter`: leaves the shell as it was before loading. Raises nothing.

    >>> from IPython.core.interactiveshell import InteractiveShell
    >>> shell = InteractiveShell.instance()
    >>> load_ipython_extension(shell)
    >>> unload_ipython_extension(shell)
    >>> "energy" in shell.magics_manager.magics["cell"]
    False
    """
    from irene_jupyter.notebook.magics import unload

    unload(ip)

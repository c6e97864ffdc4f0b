"""The controls of the explorer: menus and sliders, alike in all their looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets

from irene_jupyter.errors import IreneError
from irene_jupyter.predictors.profiles.loading import devices, load_device
from irene_jupyter.report.units import printable

WIDE = {"description_width": "140px"}


def menu(name: str, choices: Mapping[str, str]) -> Any:
    """A labelled menu: what is shown, and its value."""
    return ipywidgets.Dropdown(
        options=list(choices.items()), description=name, layout=control_layout(), style=WIDE
    )


def control_layout() -> Any:
    """One for each control: what hides a control must not hide those beside it."""
    return ipywidgets.Layout(width="380px")


def slider(name: str, least: int, most: int, live: bool) -> Any:
    """A labelled slider; `live` tells each move of it."""
    return ipywidgets.IntSlider(
        min=least,
        max=most,
        value=least,
        description=name,
        continuous_update=live,
        layout=control_layout(),
        style=WIDE,
    )


def device_options(chosen: str) -> list[tuple[str, str]]:
    """Label and name of the known profiles, and of the chosen one, which may be a file."""
    options = [(printable(info.label, 60), info.name) for info in devices()]
    if chosen not in [name for _, name in options]:
        try:
            label = load_device(chosen).label
        except IreneError:
            label = chosen
        options.append((printable(label, 60), chosen))
    return options

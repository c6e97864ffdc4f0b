"""Whose energy a report tells, and what the same runs need elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from irene_jupyter.tree import Energy

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

DeviceKind = Literal["reference", "calibrated", "estimated"]
DeviceScope = Literal["machine", "board"]
HERE = "here"  # the name of this machine, of which there is no profile


@dataclass(frozen=True, slots=True)
class DeviceLabel:
    """Whose energy this is: a shipped reference device, or one that was calibrated.

    "estimated" is this machine by its processor's rated power and load; `how` then tells these in
    a line. `scope` "board": of a GPU board alone, without its host.
    """

    name: str  # of the profile, such as "gtx1080ti"
    label: str  # for people, such as "GTX 1080 Ti PC"
    kind: DeviceKind = "reference"
    scope: DeviceScope = "machine"
    how: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a profile predicts for the same runs on another device: a line beside the tree.

    `is_untested`: its interval is a range, as some of it is beyond what the profile was tested on.
    """

    device: DeviceLabel
    energy: Energy
    is_untested: bool = False


class Switch(Protocol):
    """What a live report can be made again with, for another device."""

    @property
    def own(self) -> DeviceLabel:
        """Of the report as the cell made it."""

    def on(self, device: str) -> EnergyReport:
        """Raises `DeviceError` for an unknown one."""

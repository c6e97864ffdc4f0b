"""What stops a calibration: each message names the remedy."""

from __future__ import annotations

from irene_jupyter.errors import IreneError


class CalibrationError(IreneError):
    """A calibration cannot go on, or cannot begin."""


class AlignmentError(CalibrationError):
    """The known load is not found in the meter's samples: the clocks cannot be aligned."""


class UnseenLoadError(AlignmentError):
    """The meter's samples do not show the load, or too little of it."""


class ReversedClampError(AlignmentError):
    """The meter shows less power while the load is on: the clamp is the wrong way round."""


class IntegrationError(CalibrationError):
    """A run's energy cannot be told from the samples that there are."""


class CheckpointError(CalibrationError):
    """A checkpoint cannot be written, is damaged, or is of another calibration."""

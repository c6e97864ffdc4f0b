"""The package's exceptions: every message names the remedy."""

from __future__ import annotations


class IreneError(Exception):
    """Base of every error that `irene_jupyter` raises on purpose; the message says what helps.

    >>> import irene_jupyter as irene
    >>> try:
    ...     irene.load_device("no-such-device")
    ... except irene.IreneError as error:
    ...     print(error)
    unknown device 'no-such-device'; known are auto, b200, gtx1080ti, ...
    """


class OptionError(IreneError):
    """An option's value is out of range or of the wrong kind."""


class CaptureError(IreneError):
    """A model could not be turned into a tree."""


class InputShapeError(CaptureError):
    """Neither the configuration nor a layer tells the shape of the model's input."""


class DeviceError(IreneError):
    """A device profile is unknown, damaged, or of another schema version."""


class DataError(IreneError):
    """Training data are missing, damaged, or too few to fit a profile."""


class ReportError(IreneError):
    """A saved report is missing, damaged, hostile, or of another schema version."""


class RenderError(IreneError):
    """A view could not be drawn, for instance because the `dot` program is missing."""

"""What can go wrong between a power meter and us: one error for each remedy."""

from __future__ import annotations

from irene_jupyter.meters.base import MeterError


class FormatError(MeterError):
    """The name of a wire format is unknown."""


class LineError(MeterError):
    """One line from a meter cannot be used; the next one may be good."""


class TruncatedLineError(LineError):
    """A line without its line end: cut by a disconnect, or far too long."""


class LineSyntaxError(LineError):
    """A line is not what its format writes."""


class NotAsciiError(LineSyntaxError):
    """A line has bytes beyond ASCII: line noise or the wrong baud rate."""


class DuplicateKeyError(LineSyntaxError):
    """A key stands twice in one line: two lines were joined."""


class RangeError(LineError):
    """A number is beyond what its field can hold."""


class LengthError(LineError):
    """A frame has another number of bytes than the firmware sends."""


class MissingPowerError(LineError):
    """A reading without power 1, that of the first current clamp."""


class KeysChangedError(LineError):
    """The keys of a line differ from those of the lines before."""


class PortError(MeterError):
    """The way to the meter fails."""


class PortOpenError(PortError):
    """The port cannot be opened."""


class PortBusyError(PortOpenError):
    """Another reader has the port: two readers would split the bytes between them."""


class DisconnectedError(PortError):
    """The connection to the meter was lost."""


class SilentMeterError(PortError):
    """The port is open, but no reading comes."""


class GarbageError(PortError):
    """Most lines cannot be read."""


class LogError(MeterError):
    """A log of a meter cannot be written or read."""


class PlugError(MeterError):
    """A plug or another meter that is read over HTTP or MQTT gives no reading."""


class PlugAddressError(PlugError):
    """The address is none, or nothing of that name is there."""


class PlugAccessError(PlugError):
    """The plug asks for a password or token."""


class PlugSilentError(PlugError):
    """No answer, or one without a reading just now: it may pass."""


class PlugAnswerError(PlugError):
    """An answer that is not what this kind of plug says."""

"""How the boards are that a meter measures: into the journal, and told where it bears on joules."""

from __future__ import annotations

from irene_jupyter.calibration.running.events import Note, Watcher
from irene_jupyter.calibration.running.journal import Journal
from irene_jupyter.meters.base import BoardCondition
from irene_jupyter.meters.meter import PowerMeter


def tell_conditions(meter: PowerMeter, journal: Journal, watch: Watcher) -> None:
    """Each doubt is told once in a calibration."""
    before = [each for each in journal.records if isinstance(each, BoardCondition)]
    told = {doubt for each in before for doubt in each.doubts}
    for each in meter.conditions():
        journal.add(each)
        for doubt in each.doubts:
            if doubt not in told:
                watch(Note(doubt))

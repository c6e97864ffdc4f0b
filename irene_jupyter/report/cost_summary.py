"""What many queries cost: kilowatt-hours, money and carbon (Cao et al., ACL 2021, table 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from irene_jupyter.columns import aligned
from irene_jupyter.errors import ReportError
from irene_jupyter.report.folding import is_untested
from irene_jupyter.report.units import format_interval, format_joules, printable
from irene_jupyter.report.words import doubts, provenance
from irene_jupyter.report.work import queries_by_model
from irene_jupyter.tree import Energy

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

JOULES_PER_KWH = 3.6e6
# Of the paper's table 3: US average price of electricity, 2020.
USD_PER_KWH = 0.1319


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CostSummary:
    """The cost of `queries` at the report's energy per query, as multiples of one.

    A query is one item of a batch: a sentence, an image, a prompt with all that is generated
    for it. `kwh` includes `pue`, what a data centre draws over what its machines use.
    `g_co2e` is None where no country was given.
    """

    queries: float
    joules_per_query: float  # without the PUE
    low_joules_per_query: float
    high_joules_per_query: float
    is_untested: bool  # whether these are a range that no data tested
    kwh: float
    usd: float
    g_co2e: float | None
    usd_per_kwh: float
    pue: float
    country: str | None
    g_co2e_per_kwh: float | None
    provenance: str  # whose energy it is, and what is to be doubted

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Names and values as people read them."""
        found = [
            ("queries", f"{self.queries:,.10g}"),
            ("energy per query", self._per_query()),
            ("electricity", f"{amount_of(self.kwh)} kWh"),
            ("price", f"{_money(self.usd)} USD"),
        ]
        if self.g_co2e is not None:
            grams, unit = (self.g_co2e, "g") if self.g_co2e < 1000 else (self.g_co2e / 1000, "kg")
            found.append(("carbon", f"{amount_of(grams)} {unit} CO2e"))
        return tuple(found)

    def _per_query(self) -> str:
        joules = self.joules_per_query
        energy = Energy(joules, self.low_joules_per_query, self.high_joules_per_query, "predicted")
        return f"{format_joules(joules)} {format_interval(energy, self.is_untested)}"

    @property
    def basis(self) -> str:
        """What the figures rest on, in a line."""
        return self.prices()

    def prices(self) -> str:
        """What a kilowatt-hour is worth here, and whose energy it is."""
        parts = [f"{self.usd_per_kwh:g} USD/kWh", f"PUE {self.pue:g}"]
        if self.g_co2e_per_kwh is not None:
            parts.append(f"{self.g_co2e_per_kwh:.0f} g CO2e/kWh in {self.country} (codecarbon)")
        return f"{', '.join(parts)}; {self.provenance}"

    def __str__(self) -> str:
        return f"{aligned(self.rows(), '<<')}\n{printable(self.basis, 400)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:right">{escape(value)}</td></tr>'
            for name, value in self.rows()
        )
        return f"<table>{cells}</table><p>{escape(printable(self.basis, 400))}</p>"


def cost_of(
    report: EnergyReport,
    queries: float = 1e6,
    usd_per_kwh: float = USD_PER_KWH,
    pue: float = 1.0,
    country: str | None = None,
    items: int | None = None,
    steps: float | None = None,
) -> CostSummary:
    """The cost of `queries` queries. Raises `ReportError` for values that make no sense.

    With `steps`, a `TrainingCost`: of so many steps of an optimiser in their place.

    `items` is how many queries the report's total answered; the default is what its models were
    given: calls × batch size, of a generation its prompts. `country` is an ISO 3166 code of three
    letters, such as "FRA"; its carbon intensity needs the extra irene-jupyter[carbon].
    """
    checked("queries", queries, 0)
    checked("usd_per_kwh", usd_per_kwh, 0)
    checked("pue", pue, 1)
    if report.root is None:
        raise ReportError("no model was built or run, so that there is nothing to cost")
    answered = (1 if steps is not None else _items(report)) if items is None else items
    if isinstance(answered, bool) or not isinstance(answered, int) or answered < 1:
        raise ReportError(f"items must be a whole number from 1 on, not {items!r}")
    intensity = None if country is None else carbon_intensity(country)
    per_query = report.total_joules / answered
    energy = report.root.energy
    low, high = (energy.low, energy.high) if energy else (0.0, 0.0)
    kwh = per_query * queries * pue / JOULES_PER_KWH
    found = CostSummary(
        queries=queries,
        joules_per_query=per_query,
        low_joules_per_query=low / answered,
        high_joules_per_query=high / answered,
        is_untested=is_untested(report.root),
        kwh=kwh,
        usd=kwh * usd_per_kwh,
        g_co2e=None if intensity is None else kwh * intensity,
        usd_per_kwh=usd_per_kwh,
        pue=pue,
        country=None if country is None else country.upper(),
        g_co2e_per_kwh=intensity,
        provenance=", ".join((provenance(report), *doubts(report))),
    )
    if steps is None:
        return found
    from irene_jupyter.report.training_cost import training_cost

    return training_cost(report, steps, found)


def _items(report: EnergyReport) -> int:
    given = queries_by_model(report)
    counts = {count for count in given.values() if count}
    if len(counts) == 1:
        return counts.pop()
    seen = ", ".join(f"{printable(name, 40)} {count}" for name, count in given.items())
    raise ReportError(
        f"how many queries did this answer? The models were given different numbers ({seen}): "
        "say it by cost(…, items=…)"
    )


def carbon_intensity(country: str) -> float:
    """Grams of CO2e for a kWh of a country's electricity, from codecarbon's offline data.

    Nothing is asked of a network and nothing is tracked. Raises `ReportError` where codecarbon
    is missing or does not know the country.
    """
    try:
        from codecarbon.core.emissions import Emissions
        from codecarbon.core.units import Energy
        from codecarbon.external.geography import GeoMetadata
        from codecarbon.input import DataSource
    except ImportError as error:
        raise ReportError(
            "the carbon intensity of a country needs codecarbon: "
            "pip install 'irene-jupyter[carbon]', or leave country out"
        ) from error
    source = DataSource()
    mix = source.get_global_energy_mix_data()
    code = country.upper() if isinstance(country, str) else ""
    if code not in mix:  # codecarbon itself would take the world's average
        raise ReportError(
            f"codecarbon has no electricity mix for {country!r}: give an ISO 3166 code of three "
            'letters, such as "FRA" or "USA"'
        )
    place = GeoMetadata(country_iso_code=code, country_name=str(mix[code].get("country_name")))
    kilograms = Emissions(source).get_country_emissions(Energy.from_energy(kWh=1.0), place)
    return 1000.0 * float(kilograms)


def checked(name: str, value: float, least: float) -> None:
    """Raises `ReportError` unless `value` is a number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ReportError(f"{name} must be a number, not {value!r}")
    if value < least:
        raise ReportError(f"{name} must be at least {least}, not {value}")


def amount_of(value: float) -> str:
    """Three significant digits."""
    if value >= 99.95:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{min(digits, 12)}f}"


def _money(value: float) -> str:
    return f"{value:,.2f}" if value >= 0.1 else amount_of(value)

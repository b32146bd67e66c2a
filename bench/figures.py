"""What a benchmark finds: figures with their goals, kept as JSON and as a table of Markdown."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the result; `goal` is empty for what is only reported."""

    name: str
    value: float | None
    goal: str = ""
    met: bool | None = None
    interval: tuple[float, float] | None = None  # bootstrap, 95 %

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    @property
    def verdict(self) -> str:
        return {True: "met", False: "NOT MET", None: ""}[self.met]

    @property
    def text(self) -> str:
        """The value with three digits that count."""
        if self.value is None:
            return "–"
        return f"{self.value:,.0f}" if abs(self.value) >= 100 else f"{self.value:.3g}"


def at_most(name: str, value: float | None, most: float, interval: tuple[float, float] | None = None) -> Figure:
    return Figure(name, value, f"<= {most:g}", value is not None and value <= most, interval)


def at_least(name: str, value: float | None, least: float) -> Figure:
    return Figure(name, value, f">= {least:g}", value is not None and value >= least)


def within(name: str, value: float | None, least: float, most: float) -> Figure:
    return Figure(name, value, f"{least:g} to {most:g}", value is not None and least <= value <= most)

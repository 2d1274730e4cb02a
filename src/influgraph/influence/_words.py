"""Durations and counts in words."""

_UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}


def length(seconds: float) -> str:
    """Say a duration in the largest unit that it fills: 3 days, 1.5 days, 12 hours."""
    unit = next((unit for unit, size in _UNITS.items() if seconds >= size), "second")
    return counted(seconds / _UNITS[unit], unit)


def counted(count: float, noun: str, nouns: str = "") -> str:
    """Say how many there are: 1 outcome, 2,000 outcomes, 1.5 days."""
    said = f"{count:,.0f}" if float(count).is_integer() else f"{count:,.4g}"
    return f"{said} {noun if said == '1' else nouns or noun + 's'}"

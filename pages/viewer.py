"""Times as the person in front of the screen reads them: in their own time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def zone() -> tzinfo:
    """The time zone of the viewer's browser; UTC when it does not say."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def exact_time(moment: datetime) -> str:
    """`14:03:05`."""
    return moment.astimezone(zone()).strftime("%H:%M:%S")


def day_and_time(moment: datetime, *, now: datetime | None = None) -> str:
    """`14:03` today, `Tue 14 Jan, 14:03` on another day of this year, with the year otherwise."""
    here, today = moment.astimezone(zone()), (now or datetime.now(UTC)).astimezone(zone())
    if here.date() == today.date():
        return here.strftime("%H:%M")
    day = f"{here:%a} {here.day} {here:%b}" + ("" if here.year == today.year else f" {here.year}")
    return f"{day}, {here:%H:%M}"


def day(moment: datetime) -> str:
    """`3 March`, with the year unless it is this one."""
    here = moment.astimezone(zone())
    return f"{here.day} {here:%B}" + ("" if here.year == datetime.now(zone()).year else f" {here.year}")


def full(moment: datetime | None) -> str:
    """`2025-01-09 14:03:05`, or a dash for no time."""
    return "–" if moment is None else moment.astimezone(zone()).strftime("%Y-%m-%d %H:%M:%S")

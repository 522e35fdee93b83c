"""Where the made-up people live and are treated: two counties with townships, villages and hospitals.

Township names and codes stand in the counties' division tables (services/identity/counties/), institution codes in the
counties' policies (services/settlement/policies/); tests hold both. Next hop: local/world_people.py
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Township:
    """A township (乡镇) with its 9-digit code and its villages."""

    code: str
    name: str
    villages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Institution:
    """A hospital that has a demo client, with the level whose costs its bills show."""

    code: str
    level: str


@dataclass(frozen=True, slots=True)
class County:
    """A county with what a generator needs to know of it; `warning_line_fen` is monitoring's line for a household."""

    code: str
    name: str
    townships: tuple[Township, ...]
    institutions: tuple[Institution, ...]
    warning_line_fen: int


BEIPIAO = County(
    code="211381",
    name="北票市",
    townships=(
        Township("211381101", "城关街道", ("东街村", "河沿村", "站前村")),
        Township("211381102", "西官营镇", ("梨树沟村", "柳条营村", "石门村")),
        Township("211381103", "大板镇", ("大板村", "南沟村", "杏树洼村")),
        Township("211381104", "上园镇", ("上园村", "炒米甸村", "三巨兴村")),
    ),
    institutions=(Institution("H21138100001", "county"), Institution("H21138100002", "township")),
    warning_line_fen=600_000,
)
RONGJIANG = County(
    code="522632",
    name="榕江县",
    townships=(
        Township("522632101", "忠诚镇", ("桥头村", "盘踅村", "高扒村")),
        Township("522632102", "寨蒿镇", ("寨蒿村", "晚寨村", "票寨村")),
        Township("522632103", "平永镇", ("平永村", "中寨村", "乔亥村")),
        Township("522632104", "乐里镇", ("乐里村", "本里村", "平相村")),
    ),
    institutions=(Institution("H52263200001", "county"), Institution("H52263200002", "township")),
    warning_line_fen=500_000,
)
COUNTIES = (BEIPIAO, RONGJIANG)


def county_of(code: str) -> County:
    """Return a demo county.

    Raises:
        KeyError: If the code is no demo county.
    """
    return {county.code: county for county in COUNTIES}[code]

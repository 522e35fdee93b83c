"""Amounts in Chinese capitals (人民币大写), which a pen cannot change.

Source: 正确填写票据和结算凭证的基本规定, annex of 支付结算办法 (银发〔1997〕393号): 整 after whole yuan, one 零 for
zeros between digits and for a missing 角 before 分. Room: domain of settlement.
"""

from __future__ import annotations

from common.core.money import Money

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
_GROUP = 10_000
_FEN = 100
_MOST_FEN = _FEN * _GROUP ** len(_GROUPS)


def capitals_of(amount: Money) -> str:
    """Return the amount in capitals.

    >>> [capitals_of(Money(fen)) for fen in (31971, 140950, 1640902, 0)]
    ['叁佰壹拾玖元柒角壹分', '壹仟肆佰零玖元伍角', '壹万陆仟肆佰零玖元零贰分', '零元整']

    Raises:
        ValueError: If it is negative, or 10 to the 16th yuan and more.
    """
    if not 0 <= amount.fen < _MOST_FEN:
        raise ValueError(f"{amount.fen} fen have no capitals here")
    yuan, rest = divmod(amount.fen, _FEN)
    jiao, fen = divmod(rest, 10)
    whole = f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"{whole}整"
    between = "零" if yuan and not jiao else ""
    return whole + between + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[fen]}分" if fen else "")


def _whole(yuan: int) -> str:
    """Return whole yuan; groups of four digits, a 零 where digits in front of others are missing."""
    if not yuan:
        return _DIGITS[0]
    text, is_short = "", False
    for group in reversed(range(len(_GROUPS))):
        digits = yuan // _GROUP**group % _GROUP
        if digits:
            gap = "零" if text and (is_short or digits < _GROUP // 10) else ""
            text += gap + _four(digits) + _GROUPS[group]
        is_short = not digits
    return text


def _four(digits: int) -> str:
    """Return up to four digits, not all of them zero."""
    text, has_gap = "", False
    for place in reversed(range(len(_PLACES))):
        digit = digits // 10**place % 10
        if digit:
            text += ("零" if has_gap and text else "") + _DIGITS[digit] + _PLACES[place]
        has_gap = not digit
    return text

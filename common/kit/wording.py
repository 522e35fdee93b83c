"""Chinese words for what the framework's checks say in English; rules of the field bring their own."""

from __future__ import annotations

from collections.abc import Mapping

_CHINESE: Mapping[str, str] = {
    "not_found": "没有这个地址或记录",
    "method_not_allowed": "该地址不支持此方法",
    "body_too_large": "请求内容过大",
    "missing": "缺少必填字段",
    "extra_forbidden": "不认识的字段",
    "unknown_parameter": "不认识的查询参数",
    "citizen_id_invalid": "不是有效的公民身份号码",
    "json_invalid": "不是规范的 JSON",
    "day_invalid": "不是有效的日期（YYYY-MM-DD）",
    "decimal_invalid": "不是规范的十进制数字文本",
    "text_invalid": "文本含有不允许的字符",
    "string_type": "应为文本",
    "string_too_long": "文本过长",
    "string_too_short": "文本过短",
    "string_pattern_mismatch": "格式不符",
    "int_type": "应为整数",
    "bool_type": "应为 true 或 false",
    "list_type": "应为列表",
    "too_long": "项数过多",
    "too_short": "项数过少",
    "greater_than_equal": "数值过小",
    "greater_than": "数值过小",
    "less_than_equal": "数值过大",
    "less_than": "数值过大",
    "literal_error": "不是允许的取值",
    "enum": "不是允许的取值",
    "uuid_parsing": "不是有效的标识",
    "uuid_type": "不是有效的标识",
}


def chinese_of(code: str, otherwise: str = "") -> str:
    """Return the Chinese sentence of a check's code, or the given text where there is none."""
    return _CHINESE.get(code, otherwise)

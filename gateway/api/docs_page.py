"""The surface as one HTML page that needs nothing from outside: no script, no font, no other host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

METHODS = ("get", "post", "put", "patch", "delete")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1d2733}
h2{margin-top:2.5rem;border-bottom:2px solid #2b6777}
details{border:1px solid #d5dde3;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#f4f7f9;padding:.6rem;overflow:auto;max-height:24rem}
.m{display:inline-block;min-width:4.2rem;font-weight:700;color:#2b6777}
.s{float:right;color:#6b7a86;font-size:13px}
table{border-collapse:collapse}td,th{text-align:left;padding:.15rem 1rem .15rem 0}
</style></head><body>
<h1>{{ title }}</h1><p>{{ description }}</p>
<p>Machine-readable: <a href="/openapi.json">OpenAPI</a> · <a href="/asyncapi.json">AsyncAPI of the events</a> ·
<a href="/.well-known/jwks.json">key set</a></p>
{% for tag, operations in groups %}<h2>{{ tag }}</h2>
{% for op in operations %}<details><summary><span class="m">{{ op.method }}</span> <code>{{ op.path }}</code>
{{ op.summary }}<span class="s">{{ op.scopes }}</span></summary>
<p>{{ op.description }}</p>
{% if op.parameters %}<table><tr><th>parameter</th><th>in</th><th>required</th><th>meaning</th></tr>
{% for p in op.parameters %}<tr><td><code>{{ p.name }}</code></td><td>{{ p["in"] }}</td>
<td>{{ "yes" if p.required else "" }}</td><td>{{ p.description }}</td></tr>{% endfor %}</table>{% endif %}
{% if op.body %}<h4>Body</h4><pre>{{ op.body }}</pre>{% endif %}
<h4>Answers</h4><table>{% for status, text in op.answers %}<tr><td><code>{{ status }}</code></td>
<td>{{ text }}</td></tr>{% endfor %}</table></details>
{% endfor %}{% endfor %}
<h2>Shapes</h2>
{% for name, shape in shapes %}<details id="{{ name }}"><summary><code>{{ name }}</code></summary>
<pre>{{ shape }}</pre></details>
{% endfor %}</body></html>
"""
_TEMPLATE = Environment(autoescape=True).from_string(_PAGE)


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document.get("paths", {}).items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(_line(method, path, operation))
    shapes = document.get("components", {}).get("schemas", {})
    info = document.get("info", {})
    return _TEMPLATE.render(
        title=info.get("title", "API"),
        description=info.get("description", ""),
        groups=groups.items(),
        shapes=[(name, _pretty(shape)) for name, shape in shapes.items()],
    )


def _line(method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "scopes": " or ".join(operation.get("x-scopes", ())) or "no token",
        "parameters": operation.get("parameters", ()),
        "body": _pretty(operation["requestBody"]["content"]) if "requestBody" in operation else "",
        "answers": [(status, answer.get("description", "")) for status, answer in operation["responses"].items()],
    }


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)

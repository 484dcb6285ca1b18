"""The front page: what is where, for a person who opens the hub in a browser. Chinese first."""

from __future__ import annotations

from html import escape
from typing import Final

#: Address, what it is in Chinese, what it is in English.
PLACES: Final = (
    (
        "/fhir/metadata",
        "FHIR R4 接口的能力声明;接口本身在 /fhir 之下",
        "FHIR R4 capability statement; the API is under /fhir",
    ),
    ("/health/live", "进程是否存活", "whether the process lives"),
    (
        "/health/ready",
        "是否可以提供服务(数据库可达、结构版本相符)",
        "whether it can serve (database reachable, schema known)",
    ),
    ("/metrics", "监控指标(Prometheus 文本格式)", "metrics (Prometheus text format)"),
)

_STYLE: Final = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1d2733}"
    "h1{font-size:1.6rem}table{border-collapse:collapse;width:100%}td,th{padding:.5rem;border-top:1px solid #d5dbe1;"
    "text-align:left;vertical-align:top}small{color:#52606d}code{white-space:nowrap}"
)


def front_page(version: str) -> str:
    """The page as HTML; it names no patient and needs no script."""
    rows = "".join(
        f'<tr><td><a href="{place}"><code>{place}</code></a></td>'
        f'<td>{escape(chinese)}<br><small lang="en">{escape(english)}</small></td></tr>'
        for place, chinese, english in PLACES
    )
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>医联枢纽 Yilian Hub</title><style>{_STYLE}</style></head>
<body><main><h1>医联枢纽 <small>Yilian Hub {escape(version)}</small></h1>
<p>医联体各机构共用的一份纵向健康档案。<br><small lang="en">One shared longitudinal record for every facility of a
medical consortium.</small></p>
<table><thead><tr><th>地址 <small lang="en">address</small></th><th>内容 <small lang="en">what it is</small></th></tr>
</thead><tbody>{rows}</tbody></table>
<p>读取档案需要访问令牌(请求头 <code>Authorization: Bearer</code>);管理员用 <code>yilian token</code> 签发。<br>
<small lang="en">Reading records needs an access token in the Authorization header; an administrator issues one with
<code>yilian token</code>.</small></p></main></body></html>
"""

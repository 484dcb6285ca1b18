"""What may stand in a narrative (R4 narrative.html, txt-1): formatting, and nothing that acts in a reader's browser."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from hub.fhir.plain_xhtml import is_plain

QUIET: Final = (
    '<p title="say onclick=x">y</p>',
    "<p title=' onclick=&quot;x()&quot;'>y</p>",
    '<td abbr="1 &gt; 0 onload=" class="a">y</td>',
    '<a title="href=javascript:x" href="https://h.example/?onclick=1">y</a>',
    '<img alt="src = vbscript:" src="#p" />',
    "<p>a text: onclick=x href=javascript:y</p>",
    "<!-- onclick=x --><br/>",
)
ACTIVE: Final = (
    '<p onclick="x">y</p>',
    "<p\n\tONCLICK = 'x'>y</p>",
    '<p title=">" onclick="x">y</p>',
    "<p title=x onclick=x>y</p>",
    "<p/onclick=x>y</p>",
    '<p title=""onclick="x">y</p>',
    "<p title=''onclick='x'>y</p>",
    '<p title=x"y onclick="z">y</p>',
    '<p a\'b title=">" onclick=x>y</p>',
    '<p title=" <b title="onclick=x"> ">y</p>',
    '<p title="<b>" onclick="x">y</p>',
    "<p\fonclick=x>y</p>",
    '<a href="javascript:x()">y</a>',
    "<a title='>' href='\n java&#115;cript&#58;x()'>y</a>",
    "<a href='java&Tab;script&colon;x()'>y</a>",
    "<a href=javascript:x()>y</a>",
    "<a href='\x01javascript:x()'>y</a>",
    "<img alt='y' src=' VBScript:x' />",
    '<a xlink:href="javascript:x()">y</a>',
    "<script>x</script>",
    "<SCRIPT src='x'/>",
    "<svg onload='x'/>",
    "<iframe src='x'/>",
    "<b <!-- onclick=x-->y</b>",
    "<b onclick<b ='x'>y</b>",
    "<b <!-- x><script>y</script>-->",
    "<!--><script>x</script>-->",
    "<!---><script>x</script>-->",
    "<!-- --!><script>x</script>-->",
    "<![CDATA[<p onclick='x'>]]>",
)


def within(content: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'


@pytest.mark.parametrize("content", QUIET)
def test_what_a_text_or_a_quoted_value_says_is_no_matter(content: str) -> None:
    assert is_plain(within(content))


@pytest.mark.parametrize("content", ACTIVE)
def test_what_acts_is_refused_however_it_is_written(content: str) -> None:
    assert not is_plain(within(content))


def is_active(name: str, value: str) -> bool:
    """Whether a browser would run an attribute; one without a value runs nothing."""
    address = value.strip().translate(dict.fromkeys(b"\t\n\r")).lower()
    leads = name.endswith(("href", "src")) and address.startswith(("javascript:", "vbscript:"))
    return leads or bool(value and name.startswith("on") and name[2:3].isalpha())


def acts(div: str) -> bool:
    """Whether a reader of HTML finds anything that acts."""
    nodes = [node for node in html.document_fromstring(div).iter() if isinstance(node.tag, str)]
    return any(
        node.tag in ("script", "iframe", "object", "form", "svg") or any(is_active(*pair) for pair in node.items())
        for node in nodes
    )


_PIECES: Final = st.sampled_from(
    [
        *("<p", "<b ", "<a ", "<script", "</p", ">", "/>", "<", " ", "\n", "/", "=", '"', "'", "x", "&quot;", "&#62;"),
        *(
            "onclick",
            " onclick=",
            " onLoad = 'x'",
            'title="',
            "title='",
            " href=",
            ' src="',
            "javascript:",
            "java&Tab;",
        ),
        *("script:", "<!--", "-->", "--!>", "<!-->", "text", "&#106;avascript:x"),
    ]
)


@given(pieces=st.lists(_PIECES, max_size=14))
@example(pieces=["<p", " ", "title='", '"', "'", " onclick=", '"', "x", '"', ">"])
def test_what_a_reader_of_html_finds_acting_is_never_plain(pieces: list[str]) -> None:
    div = within("".join(pieces))
    assert not (acts(div) and is_plain(div))


_VALUES: Final = st.lists(
    st.sampled_from([" onclick=", "href=javascript:x", "&lt;", ">", "'", "on", "=", "x", " ", "/"])
).map("".join)


@given(title=_VALUES, text=_VALUES)
def test_whatever_a_quoted_value_and_a_text_say_the_markup_is_plain(title: str, text: str) -> None:
    assert is_plain(within(f'<p class="a" title="{title}">{text}</p>'))

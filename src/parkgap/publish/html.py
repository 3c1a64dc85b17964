"""The one place where text becomes HTML or script, and a park's id a file name.

Names come from OpenStreetMap and from users' tables and are hostile until they went
through :func:`text` (for HTML) or :func:`script_json` (for data inside a page).  Nothing a
user or a mapper wrote is ever put into a folium template: folium escapes nothing and
reads what it has rendered once more as a Jinja template.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape

# Never shown: control characters, overrides and isolates of writing direction, halves of
# surrogate pairs.  They become the replacement character, so that one sees there was one.
_BAD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_SEPARATORS = re.compile("[\u2028\u2029\x85]")
_SPECIAL = re.compile(f"[&<>\"'`]|{_BAD.pattern}|{_SEPARATORS.pattern}")
_SCRIPT = re.compile("[<>&\u2028\u2029]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)", re.IGNORECASE)
_SLUG_LENGTH = 60


def clean(value: object) -> str:
    """Turn any value into a string that can be written as UTF-8 and shown as one line of text."""
    return _BAD.sub("\ufffd", _SEPARATORS.sub(" ", str(value)))


def text(value: object) -> str:
    """Escape a value for HTML, as content and inside quoted attributes alike."""
    if isinstance(value, str) and not _SPECIAL.search(value):
        return value  # nearly all of a page's thousands of texts
    return escape(clean(value), quote=True).replace("`", "&#96;")


def _deep_clean(value: object) -> object:
    """Clean every string of a JSON-like value."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(k): _deep_clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_deep_clean(v) for v in value]
    return value


def script_json(value: object) -> str:
    """Write a value as JSON that is safe between ``<script>`` tags and as a script's literal.

    Raises
    ------
    ValueError
        A number is not finite; unknown figures are handed over as None.
    """
    out = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if "\\u00" in out or _BAD.search(out):  # rare, hence not walked through every time
        value = _deep_clean(value)
        out = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _SCRIPT.sub(lambda m: f"\\u{ord(m[0]):04x}", out)


# --- file names -------------------------------------------------------------------------------


def _digest(park_id: str, digits: int) -> str:
    return hashlib.sha256(park_id.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def page_name(park_id: str) -> str:
    """Name the page of a park: its id where that is a safe file name, else a slug and a hash.

    Safe are ASCII letters, digits, ``.``, ``_`` and ``-``, up to 60 of them, that Windows does
    not reserve.  The hash follows a ``~``, which no unaltered id holds.

    Examples
    --------
    >>> page_name("way-12")
    'way-12.html'
    >>> page_name("../etc")
    'etc~f7f9121fdb.html'
    """
    park_id = str(park_id)
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", park_id).strip(".-")[:_SLUG_LENGTH].rstrip(".-")
    if _RESERVED.match(slug):
        slug = f"park-{slug}"
    if slug != park_id or not slug:
        slug = f"{slug or 'park'}~{_digest(park_id, 10)}"
    return f"{slug}.html"


def page_names(park_ids: Iterable[str]) -> dict[str, str]:
    """Name the pages of all parks, apart even where a file system ignores case.

    Two ids that differ by case alone both get a hash; every other name is that of
    :func:`page_name`.
    """
    names = {str(p): page_name(p) for p in park_ids}
    folded: dict[str, int] = {}
    for name in names.values():
        folded[name.casefold()] = folded.get(name.casefold(), 0) + 1
    return {
        park: name
        if folded[name.casefold()] == 1
        else f"{name.removesuffix('.html')}~{_digest(park, 16)}.html"
        for park, name in names.items()
    }


# --- pieces of a page -------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One cell of a table: HTML that is already escaped, and what to sort it by.

    Attributes
    ----------
    html
        Content, made by :func:`text` and the functions of this module.
    sort
        Number or string to sort by; None stands last, whichever way one sorts.
    css
        Class of the cell ("num" for figures).
    """

    html: str
    sort: float | str | None = None
    css: str = ""


def _td(cell: Cell, tag: str = "td") -> str:
    css = f' class="{cell.css}"' if cell.css else ""
    by = f' data-v="{text(cell.sort)}"' if cell.sort is not None else ""
    scope = ' scope="row"' if tag == "th" else ""
    return f"<{tag}{scope}{css}{by}>{cell.html}</{tag}>"


def table(
    headings: Sequence[tuple[str, str]],
    rows: Iterable[tuple[str, Sequence[Cell]]],
    *,
    caption: str,
    ident: str,
    header_column: int = 0,
) -> str:
    """Build a table that can be sorted by its headings.

    Parameters
    ----------
    headings
        Pairs (text, class of the column); the text is escaped here.
    rows
        Pairs (attributes of the row as HTML, cells).
    caption
        Said by screen readers; escaped here.
    ident
        The element's id.
    header_column
        The column that names the row.
    """
    head = "".join(
        f'<th scope="col" class="{css}">'
        f'<button type="button" class="sort">{text(label)}</button></th>'
        for label, css in headings
    )
    body = "\n".join(
        f"<tr{attrs}>"
        + "".join(_td(c, "th" if i == header_column else "td") for i, c in enumerate(cells))
        + "</tr>"
        for attrs, cells in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}">'
        f'<table id="{ident}" class="sortable"><caption class="hidden">{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Build a list of facts from pairs (label, escaped HTML); the label is escaped here."""
    return "<dl>" + "".join(f"<dt>{text(k)}</dt><dd>{v}</dd>" for k, v in pairs) + "</dl>"


# --- the page ---------------------------------------------------------------------------------


def _policy(scripts: Collection[str], hosts: Sequence[str] = ()) -> str:
    """Forbid everything from outside the folder, and every script that we did not write.

    `hosts` are servers that pictures may come from: a study's own tiles, mostly none.

    The second lock besides escaping: a browser runs only scripts of the folder and the
    inline ones whose hash stands here, hence no ``onerror=``.
    """
    hashes = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(s.encode('utf-8')).digest()).decode()}'"
        for s in scripts
    )
    pictures = " ".join(["'self'", "file:", "data:", *hosts])
    return (
        f"default-src 'none'; script-src 'self' file: {hashes}; "
        f"style-src 'self' file: 'unsafe-inline'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'"
    )


def page(
    *,
    lang: str,
    title: str,
    css: Sequence[str],
    js: Sequence[str],
    body: str,
    data: object,
    script: str,
    kind: str,
    hosts: Sequence[str] = (),
) -> str:
    """Put a whole page together.

    Parameters
    ----------
    lang, title
        Language tag and title; escaped here.
    css, js
        Addresses of style sheets and scripts, relative to the page; made by us.
    body
        The body's HTML, escaped already.
    data
        What the page's script reads, from the element ``parkgap-data``.
    script
        The page's own script (from folium), free of any user's text.
    kind
        Class of the body.
    hosts
        Servers that the page may ask for pictures, as scheme, host and port; checked already.
    """
    links = "".join(f'<link rel="stylesheet" href="{text(u)}">\n' for u in css)
    scripts = "".join(f'<script src="{text(u)}"></script>\n' for u in js)
    script = script.replace("\r\n", "\n")
    policy = escape(_policy([script], hosts), quote=False)
    return (
        f'<!DOCTYPE html>\n<html lang="{text(lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(title)}</title>\n{links}</head>\n"
        f'<body class="{kind}">\n{body}\n'
        f'<script type="application/json" id="parkgap-data">{script_json(data)}</script>\n'
        f"{scripts}<script>{script}</script>\n</body>\n</html>\n"
    )

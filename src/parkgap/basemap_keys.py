"""What ``study.toml`` may say about tiles from the net beneath the pages' maps.

Keys of tile services are secrets of the office: they stand in the pages, which cannot ask for
tiles without them, and nowhere else (docs/operations.md).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from parkgap.source_keys import Crs, Section, Text, refused

Tokens = tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")], ...]

TIANDITU = tuple(f"https://t{n}.tianditu.gov.cn" for n in range(8))
_WMTS = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_LAYERS = ("vec", "cva")  # ground, and the names on it
_KEY = re.compile(r"[A-Za-z0-9]{8,64}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_NEEDED = ("{z}", "{x}", "{y}")
# Datums of tiles in the usual grid (web mercator, 256 pixels): by what they are drawn as.
DATUMS = {
    **dict.fromkeys(("WGS84", "CGCS2000", "EPSG:3857"), "WGS84"),
    "GCJ02": "GCJ02",
    "BD09": "BD09",
}
_EXAMPLE = 'url = "https://tiles.example.org/{z}/{x}/{y}.png"'


def _origin(url: str, token: str = "") -> str:
    """Give scheme, host and port of a tile address, as a browser's policy names them."""
    parts = urlsplit(url.replace("{s}", token))
    return f"{parts.scheme}://{parts.netloc.lower()}"


def check_url(url: str, tokens: Tokens) -> None:
    """Refuse an address that no tile can be asked by, or that would open more than one server."""
    parts = urlsplit(url.replace("{s}", tokens[0] if tokens else "s"))
    port_ok = re.fullmatch(r"[^:@]+(:\d{1,5})?", parts.netloc) is not None
    if (
        parts.scheme not in ("http", "https")
        or not port_ok
        or not _HOST.fullmatch(parts.netloc.partition(":")[0].lower())
    ):
        raise refused(
            "瓦片地址应以 http:// 或 https:// 加服务器名开头，不含用户名和密码 / a tile address "
            "must begin with http:// or https:// and a plain host, without user or password",
            _EXAMPLE,
        )
    rest = url
    for name in (*_NEEDED, "{s}"):
        rest = rest.replace(name, "")
    if not all(name in url for name in _NEEDED) or "{" in rest or "}" in rest:
        raise refused(
            "瓦片地址须含 {z}、{x}、{y}，此外只可有 {s} / a tile address needs {z}, {x} and {y}, "
            "and may hold {s} besides",
            _EXAMPLE,
        )
    if ("{s}" in url) != bool(tokens):
        raise refused(
            "{s} 与 subdomains 须同时写 / {s} and subdomains go together",
            'subdomains = ["a", "b", "c"]',
        )
    if re.search(r"[\s\"'<>\\;,]", url) or not url.isascii():
        raise refused(
            "瓦片地址含空格、引号或非 ASCII 字符 / blanks, quotes or characters that are not "
            "ASCII in a tile address",
            _EXAMPLE,
        )


class Basemap(Section):
    """Tiles from the net beneath the maps; without the net the drawn ground is seen.

    Attributes
    ----------
    provider
        ``tianditu``: ground and names of 天地图, with the office's `key`.
    key
        The key that the service gave to the office.
    url
        Any other tiles in the web-mercator grid; ``{z} {x} {y}``, and ``{s}`` of `subdomains`.
    datum
        In which the tiles are drawn: WGS84, CGCS2000, GCJ02 or BD09.
    credit
        What the map says of their source.
    max_zoom
        Deepest zoom that the server draws.
    """

    provider: Literal["tianditu"] | None = None
    key: Text | None = None
    url: Text | None = None
    datum: Crs | None = None
    credit: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    subdomains: Tokens = ()
    max_zoom: Annotated[int, Field(strict=True, ge=8, le=22)] = 18

    @model_validator(mode="after")
    def _one_service(self) -> Self:
        if (self.provider is None) == (self.url is None):
            raise refused(
                "须写 provider 或 url 之一 / needs one of provider and url",
                f'provider = "tianditu"\nkey = "…"  |  {_EXAMPLE}\ndatum = "WGS84"\ncredit = "…"',
            )
        if self.provider is not None:
            self._tianditu()
        else:
            self._tiles()
        return self

    def _tianditu(self) -> None:
        if self.key is None or not _KEY.fullmatch(self.key):
            raise refused(
                "天地图须写贵单位申请的密钥（字母和数字） / Tianditu needs the key (letters and "
                "digits) that it gave to you",
                'key = "…"（https://console.tianditu.gov.cn）',
            )
        own = {"url", "datum", "credit", "subdomains"} & self.model_fields_set
        if own:
            raise refused(
                "天地图的地址、坐标系和署名已知，不必写 / address, datum and credit of Tianditu "
                "are known: " + ", ".join(sorted(own)),
                'provider = "tianditu"\nkey = "…"',
            )

    def _tiles(self) -> None:
        if self.key is not None:
            raise refused(
                "key 只用于 provider；其他服务的密钥写在 url 里 / key goes with provider; keys of "
                "other services stand in the url",
                'url = "https://…/{z}/{x}/{y}.png?key=…"',
            )
        if self.datum is None or self.datum not in DATUMS:
            raise refused(
                "须写明瓦片的坐标系，否则可能错位五百米；网格须为通用的 Web 墨卡托（百度自成一套的"
                "瓦片网格 BD09MC 不支持） / say the datum of the tiles, or they may be 500 m off; "
                "their grid must be the usual web mercator (Baidu's own grid, BD09MC, is not read)",
                'datum = "WGS84" | "CGCS2000" | "GCJ02"（高德、腾讯） | "BD09"',
            )
        if self.credit is None:
            raise refused(
                "须写明瓦片来源的署名 / the credit of the tiles is missing", 'credit = "© …"'
            )
        check_url(self.url or "", self.subdomains)

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses of the layers, from the bottom up."""
        if self.provider is None:
            return (self.url or "",)
        return tuple(_WMTS.format(layer=layer, key=self.key) for layer in _LAYERS)

    @property
    def tokens(self) -> tuple[str, ...]:
        """What ``{s}`` stands for."""
        return tuple("01234567") if self.provider is not None else self.subdomains

    @property
    def origins(self) -> tuple[str, ...]:
        """Servers that the pages may ask for pictures, and no other."""
        if self.provider is not None:
            return TIANDITU
        return tuple(dict.fromkeys(_origin(self.url or "", t) for t in self.subdomains or ("",)))

    @property
    def drawn_in(self) -> str:
        """WGS84, GCJ02 or BD09: how the tiles lie."""
        return DATUMS[self.datum or "WGS84"]

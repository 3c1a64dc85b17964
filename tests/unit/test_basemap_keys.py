"""``[basemap]``: which tiles a page may ask for; what is refused; that no key gets elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.unit.test_maps import results, study

from parkgap.basemap_keys import Basemap
from parkgap.errors import StudyError
from parkgap.publish.maps import write_maps
from parkgap.replay import restore
from parkgap.serve import alive
from parkgap.study import load_study

KEY = "0123456789abcdef0123456789abcdef"
TIANDITU = {"provider": "tianditu", "key": KEY}
OWN = {"url": "https://tiles.example.org/{z}/{x}/{y}.png", "datum": "GCJ02", "credit": "© 甲"}
MINIMAL = 'name = "a"\n[osm]\nfile = "m.osm.pbf"\n[parks]\nfile = "p.csv"\ncrs = "WGS84"\n'


def test_tianditu_is_asked_for_ground_and_names_on_its_eight_servers() -> None:
    asked = Basemap.model_validate(TIANDITU)
    assert asked.drawn_in == "WGS84"  # CGCS2000 is WGS-84 to within decimetres
    assert asked.origins == tuple(f"https://t{n}.tianditu.gov.cn" for n in range(8))
    assert ["vec_w" in url for url in asked.urls] == [True, False]
    assert ["cva_w" in url for url in asked.urls] == [False, True]
    for url in asked.urls:
        assert url.endswith(f"&tk={KEY}")
        assert all(f"{{{name}}}" in url for name in "sxyz")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"datum": None}, "500 m off"),
        ({"datum": "BD09MC"}, "BD09MC"),
        ({"datum": "EPSG:4547"}, "web mercator"),
        ({"credit": None}, "credit"),
        ({"url": "ftp://a.example/{z}/{x}/{y}"}, "http"),
        ({"url": "https://me:secret@a.example/{z}/{x}/{y}"}, "without user or password"),
        ({"url": "https://*.example/{z}/{x}/{y}"}, "plain host"),
        ({"url": "https://a.example; script-src */{z}/{x}/{y}"}, "plain host"),
        ({"url": "https://a.example/{z}/{x}.png"}, "{y}"),
        ({"url": "https://a.example/{z}/{x}/{y}/{q}"}, "{s} besides"),
        ({"url": "https://{s}.example/{z}/{x}/{y}"}, "subdomains"),
        ({"subdomains": ["a"]}, "subdomains"),
        ({"url": "https://a.example/{z}/{x}/{y} '"}, "quotes"),
        ({"key": KEY}, "in the url"),
        ({"provider": "tianditu", "key": KEY}, "one of provider and url"),
        ({"max_zoom": 30}, "22"),
    ],
)
def test_what_no_tile_can_be_asked_by_or_lies_elsewhere_is_refused(
    change: dict[str, Any], said: str
) -> None:
    asked = {k: v for k, v in (OWN | change).items() if v is not None}
    with pytest.raises(ValidationError) as refused:
        Basemap.model_validate(asked)
    assert said in str(refused.value)


@pytest.mark.parametrize("key", [None, "", "short", "a b c d e f g h", f"{KEY}&x=1"])
def test_tianditu_without_a_proper_key_is_refused(key: str | None) -> None:
    asked = {"provider": "tianditu"} | ({} if key is None else {"key": key})
    with pytest.raises(ValidationError):
        Basemap.model_validate(asked)


def test_only_the_named_servers_may_be_asked() -> None:
    asked = {**OWN, "url": "http://{s}.Example.org:8080/{z}/{x}/{y}", "subdomains": ["a", "b"]}
    found = Basemap.model_validate(asked)
    assert found.origins == ("http://a.example.org:8080", "http://b.example.org:8080")


# --- keys -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("m.osm.pbf", "p.csv"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_parameters_hold_no_key_and_a_repeated_run_takes_it_from_the_study(folder: Path) -> None:
    said = f'[basemap]\nprovider = "tianditu"\nkey = "{KEY}"\n'
    (folder / "study.toml").write_text(MINIMAL + said, encoding="utf-8")
    loaded = load_study(folder)
    assert loaded.basemap is not None
    told = json.dumps(loaded.parameters(), default=str)
    assert KEY not in told
    assert "basemap" not in told
    record = {"parameters": json.loads(told), "study": {"file": "study.toml"}}
    assert restore(record, folder).basemap is None  # the record does not know it


@pytest.mark.parametrize(
    "said", [f'kee = "{KEY}"', f'key = "{KEY}!"', f"provider = '{KEY}'", f'url = "{KEY}"']
)
def test_no_refusal_repeats_what_may_be_a_key(folder: Path, said: str) -> None:
    (folder / "study.toml").write_text(f"{MINIMAL}[basemap]\n{said}\n", encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        load_study(folder)
    told = "\n".join(str(p) for p in refused.value.problems)
    assert "basemap" in told
    assert KEY not in told


# --- pages ------------------------------------------------------------------------------------


def policy_of(html: str) -> str:
    return html.split('Content-Security-Policy" content="')[1].split('"', maxsplit=1)[0]


def test_pages_open_their_policy_for_the_tiles_alone_and_only_where_asked(tmp_path: Path) -> None:
    plain, tiled = tmp_path / "plain", tmp_path / "tiled"
    write_maps(results(), plain)
    write_maps(results(study=study(basemap=Basemap.model_validate(OWN))), tiled)
    before, after = ((f / "index.html").read_text("utf-8") for f in (plain, tiled))
    assert "http" not in policy_of(before)
    assert "tiles.js" not in before
    assert not (plain / "assets/datum.js").exists()
    host = " https://tiles.example.org"
    assert (
        policy_of(after).replace(host, "").split("script-src")[0]
        == (policy_of(before).split("script-src")[0])
    )
    assert policy_of(after).count("http") == 1
    assert f"img-src 'self' file: data:{host};" in policy_of(after)
    assert "© 甲" in after
    for page in (tiled / "parks").iterdir():
        assert host in policy_of(page.read_text("utf-8"))
    # the watching server sends a policy of its own, which lets the same pictures through
    _, sent = alive((tiled / "index.html").read_bytes(), "1")
    assert f"img-src 'self' data:{host};" in sent
    assert "http" not in alive((plain / "index.html").read_bytes(), "1")[1]

"""Check every input of a study in one pass: what ``parkgap check`` does.

Nothing stops at the first error.  A section of ``study.toml`` that is wrong is named and left
out; the other tables are read all the same, as far as they can be.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pydantic import ValidationError

from parkgap.datums import doubts
from parkgap.errors import InputError, Problem
from parkgap.housing_plan import doubt_shifts
from parkgap.inputs import downloaded
from parkgap.list_keys import LAPSE_MONTHS, FacilitiesTable, holds
from parkgap.office import Office, read_office
from parkgap.rasters import Rasters, doubt_heights, doubt_people, open_rasters
from parkgap.source_keys import Osm, Population, Terrain, Transit
from parkgap.sources.report import texts
from parkgap.standard import Standard, load
from parkgap.study import TABLES, StandardChoice, Study, load_study
from parkgap.study_files import is_standard_file
from parkgap.sums import headcount_doubts

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.sources.extract import Extract

_OTHERS = ("osm", "terrain", "population", "transit", "standard")

Tell = Callable[[str], None]


@dataclass
class Checked:
    """What was found.

    Attributes
    ----------
    name, language
        Of the study, as far as they can be read.
    errors, warnings
        Everything that is wrong, and everything that is odd but usable.
    tables
        For each table that could be opened: section, file, sheet, rows, row of the headings,
        and which of its headings was matched to what.
    fits
        For each table of enough points: declared and best datum, and median distances.
    """

    name: str = ""
    language: str = "zh"
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    fits: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Everything as plain JSON values."""
        return {
            "study": self.name,
            "errors": [_as_json(p) for p in self.errors],
            "warnings": [_as_json(p) for p in self.warnings],
            "tables": self.tables,
            "datums": self.fits,
        }


def _as_json(problem: Problem) -> dict[str, object]:
    def halves(said: str | None) -> dict[str, str] | None:
        if said is None:
            return None
        zh, _, en = said.partition(" / ")
        return {"zh": zh, "en": en or zh}

    value = problem.value
    plain = value if isinstance(value, int | float | str | bool | None) else str(value)
    zh, en = texts(problem)
    return {
        "file": None if problem.file is None else str(problem.file),
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "value": None if isinstance(plain, float) and np.isnan(plain) else plain,
        "what": halves(problem.what),
        "rule": halves(problem.rule),
        "remedy": halves(problem.remedy),
        "zh": zh,
        "en": en,
    }


def check_study(path: str | Path, *, tell: Tell = lambda _: None) -> Checked:
    """Check every input of a study.

    Parameters
    ----------
    path
        The study's folder, or its ``study.toml``.
    tell
        Called with the name of each stage as it begins.

    Returns
    -------
    What was found; a study that holds together has no errors.
    """
    found = Checked()
    file = Path(path)
    file = file / "study.toml" if file.is_dir() else file
    study: Study | None = None
    try:
        study = downloaded(load_study(file))
    except InputError as error:
        found.errors += error.problems
    sections = _sections(file) if study is None else _all(study)
    found.name, found.language = sections["name"], sections["language"]
    tell("standard")
    standard = _standard(sections, file.parent, found)
    extract = None
    if sections["osm"] is not None:
        tell("osm")
        extract = _extract(sections["osm"], file.parent, found)
    tell("tables")
    parks = _parks_from_osm(sections, extract, found)
    office = read_office(sections, file.parent, standard=standard, parks=parks)
    found.errors += office.errors
    found.warnings += office.warnings
    found.tables += [_described(name, report) for name, report in office.reports]
    found.warnings += headcount_doubts(office, sections)
    if study is not None:
        found.warnings += doubt_shifts(study, office.frames["shifts"])
    _lapsed(sections, study, found)
    _transit(sections, study, file.parent, found)
    rasters = _rasters(sections, file.parent, found)
    _people(office, parks if office.parks is None else office.parks, rasters, sections, found)
    if extract is not None:
        tell("datums")
        _overlap(office, extract, sections, found)
        _datums(office, extract, sections, found)
        _heights(extract, rasters, sections, found)
    return found


def _all(study: Study) -> dict[str, Any]:
    names = (*TABLES, "facilities", *_OTHERS, "name", "language")
    return {name: getattr(study, name) for name in names}


def _sections(file: Path) -> dict[str, Any]:
    """Read the sections that hold by themselves out of a ``study.toml`` that does not."""
    found: dict[str, Any] = dict.fromkeys((*TABLES, *_OTHERS))
    found |= {"facilities": (), "standard": StandardChoice(), "name": "", "language": "zh"}
    try:
        data = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return found
    found["name"] = str(data.get("name", ""))
    if data.get("language") in {"zh", "en"}:
        found["language"] = data["language"]

    def take(model: type[Any], value: object) -> Any:
        try:
            made = model.model_validate(value)
        except ValidationError:
            return None
        named = getattr(made, "file", None)
        return None if named is not None and not (file.parent / named).is_file() else made

    for name in TABLES:
        if name in data:
            inner: Any = Study.model_fields[name].annotation
            found[name] = take(getattr(inner, "__args__", (inner,))[0], data[name])
    listed = data.get("facilities")
    good = [take(FacilitiesTable, f) for f in (listed if isinstance(listed, list) else [])]
    found["facilities"] = tuple(f for f in good if f is not None)
    found["terrain"] = _there(take(Terrain, data.get("terrain")), file.parent)
    found["population"] = _there(take(Population, data.get("population")), file.parent)
    found["transit"] = _there(take(Transit, data.get("transit")), file.parent)
    found["osm"] = take(Osm, data.get("osm"))
    found["standard"] = take(StandardChoice, data.get("standard", {})) or StandardChoice()
    return found


def _there(
    section: Terrain | Population | Transit | None, root: Path
) -> Terrain | Population | Transit | None:
    """Leave out files that are not there, which was said with ``study.toml``."""
    if isinstance(section, Terrain):
        dem = tuple(name for name in section.dem if (root / name).is_file())
        return Terrain(dem=dem) if dem else None
    if isinstance(section, Transit):
        feeds = tuple(name for name in section.gtfs if (root / name).exists())
        return Transit(gtfs=feeds, crs=section.crs) if feeds else None
    return section if section is not None and (root / section.raster).is_file() else None


def _transit(sections: Mapping[str, Any], study: Study | None, root: Path, found: Checked) -> None:
    """Read the timetables as a run would, as far as the day is known; faults are noted."""
    section = sections["transit"]
    if section is None:
        return
    from parkgap.sources.transit import read_transit

    day = "" if study is None or study.as_of is None else study.as_of.isoformat()
    try:
        said = read_transit([root / feed for feed in section.gtfs], day, section.crs)
    except InputError as error:
        found.errors += error.problems
        return
    # Without a day, a run asks of the map's, which is not known here.
    found.warnings += said.warnings if day else ()


def _standard(sections: Mapping[str, Any], root: Path, found: Checked) -> Standard | None:
    """Load the standards; what is wrong with them is noted.  Returns the study's own."""
    choice = sections["standard"]
    loaded = [
        _one_standard(name, dict(choice.set) if i == 0 else {}, root, found)
        for i, name in enumerate((choice.use, *choice.also))
    ]
    return loaded[0]


def _one_standard(
    name: str, overrides: Mapping[str, object], root: Path, found: Checked
) -> Standard | None:
    own = is_standard_file(name)
    if own and not (root / name).is_file():
        return None  # said with study.toml
    try:
        return load(root / name if own else name, overrides)
    except InputError as error:
        found.errors += error.problems
        return None


def _extract(osm: Osm, root: Path, found: Checked) -> Extract | None:
    """Read the streets and buildings of the extract; what is wrong with it is noted."""
    from parkgap.sources.osm_file import read_extract

    if osm.file is None:
        found.warnings.append(
            Problem(
                what="地图尚未下载，未检查 / the map is not downloaded here; it was not checked",
                file="study.toml",
                column="osm",
                remedy="parkgap fetch",
            )
        )
        return None
    try:
        return read_extract(root / osm.file, place_keys=("amenity",))
    except InputError as error:
        found.errors += error.problems
        return None


def _parks_from_osm(
    sections: Mapping[str, Any], extract: Extract | None, found: Checked
) -> pd.DataFrame | None:
    """Seek the parks in the map; that there is none is noted."""
    source = sections["parks"]
    if source is None or source.from_osm is None or extract is None:
        return None
    from parkgap.osm_parks import seek_parks

    try:
        return seek_parks(source.from_osm, extract, Path(sections["osm"].file).name)
    except InputError as error:
        found.errors += error.problems
        return None


def _described(name: str, report: Any) -> dict[str, Any]:
    return {
        "section": name,
        "file": report.file,
        "sheet": report.sheet,
        "rows": report.rows,
        "header": report.header,
        "columns": report.matched,
    }


def _lapsed(sections: Mapping[str, Any], study: Study | None, found: Checked) -> None:
    """Warn of declarations of completeness that are older than a year, or from the future."""
    if study is None or study.as_of is None:
        return
    for source in (*sections["facilities"], sections["housing_stock"]):
        if source is None or source.complete is None:
            continue
        if holds(source.complete.as_of.isoformat(), study.as_of.isoformat()):
            continue
        found.warnings.append(
            Problem(
                what="清单的完整性声明已过期或晚于体检日 / "
                "the list's declaration of completeness has lapsed, or is later than the study",
                file=source.file,
                column="complete.as_of",
                value=source.complete.as_of.isoformat(),
                rule=f"自 as_of 起 {LAPSE_MONTHS} 个月内有效，体检日 {study.as_of} / "
                f"it holds for {LAPSE_MONTHS} months from as_of; the study asks of {study.as_of}",
                remedy="向发布单位索取新清单 / ask the issuer for a newer list",
            )
        )


def _rasters(sections: Mapping[str, Any], root: Path, found: Checked) -> Rasters:
    rasters = open_rasters(sections["terrain"], sections["population"], root)
    found.errors += rasters.problems
    return rasters


def _people(
    office: Office,
    parks: pd.DataFrame | None,
    rasters: Rasters,
    sections: Mapping[str, Any],
    found: Checked,
) -> None:
    """Look up in the population raster what a run would."""
    if rasters.people is None or parks is None or not len(parks):
        return
    from parkgap.access.homes import home_areas
    from parkgap.sources.population import people_in

    areas = home_areas(parks, office.frames["residences"])
    try:
        people = people_in(rasters.people, areas["geometry"].to_numpy())
    except InputError as error:
        found.errors += error.problems
        return
    found.warnings += doubt_people(sections["population"], len(areas), people["area"].nunique())


# --- against the map -----------------------------------------------------------------------------


def _overlap(office: Office, extract: Extract, sections: Mapping[str, Any], found: Checked) -> None:
    """Note parks that the extract does not cover: all of them an error, some a warning."""
    if office.parks is None or not len(office.parks):
        return
    shapes = np.asarray(office.parks["geometry"].to_numpy(), dtype=object)
    covered = shapely.intersects(shapes, extract.coverage)
    if covered.all():
        return
    boxes = [", ".join(f"{v:.4f}" for v in shapely.bounds(extract.coverage))]
    boxes.append(", ".join(f"{v:.4f}" for v in shapely.total_bounds(shapes)))
    outside = office.parks.loc[~covered, "park_id"].astype(str)
    if covered.any():
        found.warnings.append(
            Problem(
                what="部分园区在地图数据范围之外，无从判断 / "
                "some parks lie outside the map data and cannot be judged",
                file=sections["parks"].file,
                value=f"{len(outside)} × : {', '.join(outside)}",
                remedy="换一个更大的提取文件 / take a larger extract",
            )
        )
        return
    found.errors.append(
        Problem(
            what="地图数据与园区不重叠 / the map data and the parks do not overlap",
            file=Path(sections["osm"].file).name,
            value=f"OSM {boxes[0]}; parks {boxes[1]}",
            rule="经度最小, 纬度最小, 经度最大, 纬度最大 / west, south, east, north",
            remedy="换一个覆盖园区的提取文件，或检查园区坐标系 / "
            "take an extract that covers the parks, or check the parks' coordinate system",
        )
    )


def _datums(office: Office, extract: Extract, sections: Mapping[str, Any], found: Checked) -> None:
    """Measure for every table of enough points which datum fits the map best."""
    said = doubts({**office.frames, "parks": office.parks}, sections, lambda *_: extract)
    found.errors += said.errors
    found.warnings += said.warnings
    found.fits += said.fits


def _heights(
    extract: Extract, rasters: Rasters, sections: Mapping[str, Any], found: Checked
) -> None:
    """Ask the elevation model for every node of the streets."""
    if rasters.heights is None or not len(extract.ways.lon):
        return
    lon, lat = extract.ways.lon, extract.ways.lat
    try:
        known = float(np.isfinite(rasters.heights.at(lon, lat)).mean())
    except InputError as error:
        found.errors += error.problems
        return
    found.warnings += doubt_heights(sections["terrain"], rasters.heights, known, lon, lat)

/* The table beside the map: what one shows the other follows; areas narrow both. */
(function () {
  "use strict";

  const { fill, links, light, settle, narrow } = window.parkgap;
  const NEAR = 60; // pixels from a click to the park that it means

  function besideMap(map, data, paths, renumber) {
    const table = document.getElementById("main-table");
    const status = document.getElementById("main-table-status");
    const level = document.getElementById("area-level");
    const only = document.getElementById("only-view");
    const areas = Array.from(document.querySelectorAll("tr[data-area]"));
    const rows = [];
    for (const row of table.tBodies[0].rows) rows[Number(row.dataset.row)] = row;
    const place = (row) => (row.dataset.park === undefined ? -1 : Number(row.dataset.park));
    let chosen = null;
    let area = null;

    /* Show a stretch of the map beside the legend that lies over its right. */
    function fit(bounds) {
      const key = document.querySelector(".map-key");
      const aside = key && map.getSize().x > 560 ? key.offsetWidth : 0;
      map.fitBounds(bounds, {
        paddingTopLeft: [50, 40], paddingBottomRight: [30 + aside, 60], maxZoom: 15,
      });
    }

    function count(left) {
      const n = rows.length.toLocaleString("en");
      status.textContent = left === rows.length ? fill(data.t.parks_n, { n })
        : fill(data.t.shown_n, { n: left.toLocaleString("en"), total: n });
    }

    function inView(view, row) {
      const path = paths[place(row)];
      return Boolean(path) && path.shown && view.intersects(path.getBounds());
    }

    /* Rows of what the map shows are marked; asked to, the others go. */
    function look() {
      const view = map.getBounds();
      for (const row of rows) row.classList.toggle("in-view", inView(view, row));
      if (only) narrow(table, "view", only.checked ? (row) => row.classList.contains("in-view") : null);
    }

    function scrollTo(row) {
      const box = row.closest(".scroll");
      const head = table.tHead.offsetHeight;
      const top = row.offsetTop - head;
      const bottom = row.offsetTop + row.offsetHeight - box.clientHeight;
      if (box.scrollTop > top) box.scrollTop = top;
      else if (box.scrollTop < bottom) box.scrollTop = bottom;
    }

    function mark(row, on) {
      row.classList.toggle("chosen", on);
      if (on) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
      const path = paths[place(row)];
      if (path) { path.chosen = on; light(path, on); }
    }

    function choose(row, move) {
      if (chosen && chosen !== row) mark(chosen, false);
      chosen = row;
      if (!row) return;
      mark(row, true);
      const path = paths[place(row)];
      if (path && move) fit(path.getBounds());
      if (!row.hidden) scrollTo(row);
    }

    function pick(row, move) {
      choose(row, move);
      links.set("park", row ? data.rows[Number(row.dataset.row)] : null);
    }

    /* One area, or none: table and map show its parks alone. */
    function narrowTo(wanted, move) {
      area = wanted;
      for (const one of areas) {
        one.classList.toggle("chosen", one === wanted);
        one.querySelector("button.area").setAttribute("aria-pressed", String(one === wanted));
      }
      const mine = wanted ? new Set(wanted.dataset.rows.split(" ").map(Number)) : null;
      const bounds = L.latLngBounds([]);
      data.parks.forEach((park, i) => {
        paths[i].shown = !mine || mine.has(park.row);
        settle(map, paths[i]);
        if (paths[i].shown) bounds.extend(paths[i].getBounds());
      });
      renumber();
      narrow(table, "area", mine ? (row) => mine.has(Number(row.dataset.row)) : null);
      if (move && bounds.isValid()) fit(bounds);
      look();
    }

    function openLevel(value) {
      for (const box of document.querySelectorAll(".areas")) box.hidden = box.dataset.level !== value;
    }

    function follow() {
      const named = links.get("area");
      const wanted = areas.find((one) => one.dataset.area === named) || null;
      if (wanted !== area) {
        if (wanted) {
          level.value = wanted.closest(".areas").dataset.level;
          openLevel(level.value);
        }
        narrowTo(wanted, true);
      }
      const at = data.rows.indexOf(links.get("park"));
      if (at >= 0 && rows[at] !== chosen) choose(rows[at], true);
      else if (at < 0 && chosen) choose(null, false);
    }

    table.addEventListener("narrowed", (event) => count(event.detail));
    table.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-park]");
      if (row && table.tBodies[0].contains(row) && !event.target.closest("a")) pick(row, true);
    });
    for (const one of areas) {
      one.querySelector("button.area").addEventListener("click", () => {
        const wanted = one === area ? null : one;
        narrowTo(wanted, true);
        links.set("area", wanted ? wanted.dataset.area : null);
      });
    }
    if (level) {
      level.addEventListener("change", () => {
        openLevel(level.value);
        if (area) { narrowTo(null, true); links.set("area", null); }
      });
    }
    if (only) only.addEventListener("change", look);
    map.on("moveend", look);
    /* Beside a park: the nearest one's row comes into view. A click on a park opens its page. */
    map.on("click", (event) => {
      let best = null;
      let least = NEAR;
      paths.forEach((path, i) => {
        if (!path.shown) return;
        const far = map.latLngToContainerPoint(path.getBounds().getCenter())
          .distanceTo(event.containerPoint);
        if (far < least) { least = far; best = rows[data.parks[i].row]; }
      });
      if (best || chosen) pick(best, false);
    });
    paths.forEach((path, i) => {
      const row = rows[data.parks[i].row];
      for (const layer of [path, path.dot]) {
        layer.on("mouseover", () => row.classList.add("lit"));
        layer.on("mouseout", () => row.classList.remove("lit"));
      }
    });
    links.onChange(follow);
    look();
    follow();
  }

  Object.assign(window.parkgap, { besideMap });
})();

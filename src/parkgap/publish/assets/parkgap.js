/* parkgap: draws the maps of a result folder with Leaflet, from data beside the page.
   Every name reaches the page as textContent, never as markup. */
(function () {
  "use strict";

  const STEPS = 1e5;
  const sheets = [];

  /* Base sheets (assets/base/*.js) call this as they load. */
  window.parkgapSheet = function (sheet, labels) {
    sheets.push({ sheet: sheet, labels: labels });
  };

  /* [n, d] -> lines of [lat, lng]; see publish/basemap.py. */
  function decode(flat, origin) {
    const lines = [];
    const d = flat[1];
    let k = 0;
    for (const n of flat[0]) {
      const line = new Array(n);
      let x = origin[0];
      let y = origin[1];
      for (let i = 0; i < n; i++) {
        x += d[k++];
        y += d[k++];
        line[i] = [y / STEPS, x / STEPS];
      }
      lines.push(line);
    }
    return lines;
  }

  function fill(pattern, values) {
    return pattern.replace(/\{(\w+)\}/g, (all, key) => (key in values ? String(values[key]) : all));
  }

  function node(tag, css, content) {
    const element = document.createElement(tag);
    if (css) element.className = css;
    if (content !== undefined) element.textContent = content;
    return element;
  }

  /* ---- the drawn ground ------------------------------------------------------------------ */

  const GROUND = [
    ["built", "#ece7df"],
    ["green", "#d7e6cd"],
    ["water", "#b5d3e7"],
    ["building", "#d3cbc1"],
  ];
  /* Line layers from the bottom up: name, colour, width by zoom, least zoom. */
  const LINES = [
    ["water_line", "#a3c8e0", { 11: 1, 13: 1.6, 15: 3, 17: 5 }, 0],
    ["path_line", "#b3a795", { 14: 0.8, 16: 1.4, 18: 2 }, 14],
    ["minor_line", "#d3cdc5", { 11: 0.7, 13: 1.1, 14: 2.4, 15: 4, 16: 6.4, 17: 9 }, 11],
    ["main_line", "#b5ada2", { 8: 0.8, 11: 1.2, 12: 2, 13: 3.2, 14: 4.6, 15: 6.6, 16: 9, 17: 12 }, 0],
    ["minor_line", "#ffffff", { 13: 0, 14: 1.2, 15: 2.6, 16: 5, 17: 7.4 }, 14],
    ["main_line", "#ffffff", { 12: 0, 13: 1.8, 14: 3.2, 15: 5, 16: 7.2, 17: 10 }, 13],
  ];

  function width(stops, zoom) {
    const zooms = Object.keys(stops).map(Number);
    let low = zooms[0];
    let high = zooms[zooms.length - 1];
    if (zoom <= low) return stops[low];
    if (zoom >= high) return stops[high];
    for (const z of zooms) {
      if (z <= zoom) low = z;
      if (z >= zoom) { high = z; break; }
    }
    return low === high ? stops[low]
      : stops[low] + ((stops[high] - stops[low]) * (zoom - low)) / (high - low);
  }

  function ground(map) {
    const pane = map.createPane("ground");
    pane.style.zIndex = 200;
    pane.style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "ground", padding: 0.2 });
    const found = {};
    for (const { sheet } of sheets) {
      for (const name of Object.keys(sheet)) {
        if (name !== "o") (found[name] = found[name] || []).push(...decode(sheet[name], sheet.o));
      }
    }
    const options = { renderer: renderer, pane: "ground", interactive: false };
    for (const [name, colour] of GROUND) {
      if (!found[name]) continue;
      L.polygon(found[name], Object.assign({
        stroke: false, fillColor: colour, fillOpacity: 1, fillRule: "nonzero", smoothFactor: 0.8,
      }, options)).addTo(map);
    }
    const drawn = [];
    for (const [name, colour, stops, least] of LINES) {
      if (!found[name]) continue;
      const line = L.polyline(found[name], Object.assign({ color: colour, smoothFactor: 0.8 }, options));
      drawn.push([line, stops, least]);
    }
    /* Layers are taken off and put on again in order, so that their order stays. */
    function restyle() {
      const zoom = map.getZoom();
      for (const [line] of drawn) line.remove();
      for (const [line, stops, least] of drawn) {
        const weight = width(stops, zoom);
        line.options.weight = weight;
        if (zoom >= least && weight > 0) line.addTo(map);
      }
    }
    restyle();
    map.on("zoomend", restyle);
  }

  /* ---- names of settlements -------------------------------------------------------------- */

  const LEAST_ZOOM = [0, 8, 11, 11, 13, 14, 13, 14];

  function labels(map) {
    const pane = map.createPane("labels");
    pane.style.zIndex = 450;
    pane.style.pointerEvents = "none";
    const all = [];
    for (const sheet of sheets) all.push(...sheet.labels);
    all.sort((a, b) => a[3] - b[3]);
    const group = L.layerGroup().addTo(map);
    function draw() {
      group.clearLayers();
      const zoom = map.getZoom();
      const size = map.getSize();
      const taken = [];
      for (const [name, x, y, rank] of all) {
        if (taken.length >= 40) break;
        if (zoom < LEAST_ZOOM[rank]) continue;
        const at = L.latLng(y / STEPS, x / STEPS);
        const p = map.latLngToContainerPoint(at);
        if (p.x < 0 || p.y < 0 || p.x > size.x || p.y > size.y) continue;
        let half = 6;
        for (const c of name) half += c.charCodeAt(0) > 0x2e80 ? 6.5 : 3.6;
        const box = [p.x - half, p.y - 10, p.x + half, p.y + 10];
        if (taken.some((b) => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3])) continue;
        taken.push(box);
        const content = node("bdi", rank < 2 ? "settlement large" : "settlement", name);
        L.marker(at, {
          pane: "labels", interactive: false, keyboard: false,
          icon: L.divIcon({ className: "anchor", iconSize: [0, 0], html: content }),
        }).addTo(group);
      }
    }
    draw();
    map.on("moveend", draw);
  }

  /* ---- parks ----------------------------------------------------------------------------- */

  function tip(lines) {
    const box = node("div", "tip");
    lines.forEach((line, i) => box.appendChild(node(i ? "div" : "strong", "", line)));
    return box;
  }

  function parks(map, data) {
    map.createPane("parks").style.zIndex = 420;
    const svg = L.svg({ pane: "parks", padding: 0.3 });
    const marks = [];
    const paths = data.parks.map((park) => {
      const overview = data.page === "overview";
      const style = overview
        ? { color: "#3b3226", weight: 1.4, fillColor: park.fill, fillOpacity: 0.82 }
        : park.this
          ? { color: "#8a2f00", weight: 2.6, fillColor: "#d95f0e", fillOpacity: 0.08 }
          : { color: "#6b6257", weight: 1.4, dashArray: "5 4", fill: false };
      const path = L.polygon(decode([park.n, park.d], [0, 0]), Object.assign({
        renderer: svg, pane: "parks", fillRule: "nonzero", interactive: overview,
        smoothFactor: 0.5, className: "park",
      }, style)).addTo(map);
      if (overview) {
        /* A park too small to hit at this zoom gets a round mark of the same colour. */
        const dot = L.circleMarker(path.getBounds().getCenter(), Object.assign({
          renderer: svg, pane: "parks", radius: 6, className: "park",
        }, style));
        marks.push([path, dot]);
        for (const layer of [path, dot]) {
          layer.bindTooltip(tip(park.lines), { sticky: true, className: "pg-tip" });
          layer.on("click", () => { window.location.href = park.url; });
          layer.on("mouseover", () => path.setStyle({ weight: 3.2 }));
          layer.on("mouseout", () => path.setStyle({ weight: 1.4 }));
        }
      } else if (!park.this) {
        const link = node("a", "neighbour", park.name);
        link.href = park.url;
        L.marker(path.getBounds().getCenter(), {
          keyboard: false, icon: L.divIcon({ className: "anchor", iconSize: [0, 0], html: link }),
        }).addTo(map);
      }
      return path;
    });
    function small() {
      for (const [path, dot] of marks) {
        const b = path.getBounds();
        const size = map.latLngToLayerPoint(b.getSouthEast()).subtract(
          map.latLngToLayerPoint(b.getNorthWest()));
        if (Math.max(size.x, size.y) < 14) dot.addTo(map); else dot.remove();
      }
    }
    small();
    map.on("zoomend", small);
    return paths;
  }

  function ranks(map, data, paths) {
    map.createPane("ranks").style.zIndex = 455;
    map.getPane("ranks").style.pointerEvents = "none";
    const group = L.layerGroup().addTo(map);
    function draw() {
      group.clearLayers();
      const taken = [];
      data.parks.forEach((park, i) => {
        if (!park.rank || taken.length > 60) return;
        const at = paths[i].getBounds().getCenter();
        const p = map.latLngToContainerPoint(at);
        if (taken.some((q) => Math.abs(q.x - p.x) < 24 && Math.abs(q.y - p.y) < 20)) return;
        taken.push(p);
        const badge = node("span", "rank", park.rank);
        badge.style.background = park.fill;
        badge.style.color = park.ink;
        L.marker(at, {
          pane: "ranks", interactive: false, keyboard: false,
          icon: L.divIcon({ className: "anchor", iconSize: [0, 0], html: badge }),
        }).addTo(group);
      });
    }
    draw();
    map.on("zoomend", draw);
  }

  function coverage(map, data) {
    if (!data.coverage) return;
    L.polyline(decode(data.coverage, [0, 0]), {
      pane: "parks", renderer: L.svg({ pane: "parks", padding: 0.3 }), color: "#555", weight: 1.2,
      dashArray: "2 5", interactive: false,
    }).addTo(map);
  }

  /* ---- facilities ------------------------------------------------------------------------ */

  const Glyph = L.CircleMarker.extend({
    _updatePath: function () {
      const r = this._renderer;
      r._updateCircle(this);
      if (!r._drawing || this._empty() || this._radius < 7) return;
      const c = r._ctx;
      c.globalAlpha = 1;
      c.fillStyle = this.options.ink;
      c.font = "600 " + Math.round(this._radius * 1.3) +
        "px 'Microsoft YaHei','PingFang SC','Noto Sans CJK SC',sans-serif";
      c.textAlign = "center";
      c.textBaseline = "middle";
      c.fillText(this.options.glyph, this._point.x, this._point.y + 0.8);
    },
  });

  function popup(data, row) {
    const t = data.t;
    const box = node("div", "facility");
    box.appendChild(node("h3", "", row[0] || t.unnamed));
    const walk = node("p", "walk", fill(t.walk, {
      minutes: fill(t.minutes, { n: row[6] }), metres: fill(t.metres, { n: row[5] }),
    }));
    walk.appendChild(node("small", "", t.walk_note));
    box.appendChild(walk);
    const list = node("ul");
    for (const i of row[4]) {
      const [name, clause] = data.items[i];
      const entry = node("li", "", name);
      if (clause) entry.appendChild(node("small", "", clause));
      list.appendChild(entry);
    }
    box.appendChild(list);
    if (row[7]) box.appendChild(node("p", "access", data.access[row[7]]));
    if (row[8]) box.appendChild(node("p", "", t.lines + t.colon + row[8]));
    if (row[9]) box.appendChild(node("p", "", t.hours + t.colon + row[9]));
    for (const said of row[12] || []) box.appendChild(node("p", "", said));
    box.appendChild(node("p", "id", t.osm_id + t.colon + row[10]));
    return box;
  }

  function switches(map, groups) {
    const boxes = Array.from(document.querySelectorAll("input[data-layer]"));
    function apply(box) {
      const group = groups[box.dataset.layer];
      if (!group) return;
      if (box.checked) group.addTo(map); else group.remove();
    }
    for (const box of boxes) {
      apply(box);
      box.addEventListener("change", () => apply(box));
    }
    for (const button of document.querySelectorAll("button[data-all]")) {
      button.addEventListener("click", () => {
        for (const box of boxes) {
          box.checked = button.dataset.all === "1";
          apply(box);
        }
      });
    }
  }

  function facilities(map, data) {
    map.createPane("places").style.zIndex = 440;
    const renderer = L.canvas({ pane: "places", padding: 0.2, tolerance: 3 });
    const groups = {};
    const marks = [];
    data.cats.forEach((cat, i) => { groups["c" + i] = L.layerGroup(); });
    /* Plain dots from afar, letters from near; what is shown but not scored stays smaller. */
    const radius = (row) => {
      const zoom = map.getZoom();
      return (zoom < 14.5 ? 4.5 : zoom < 15.5 ? 7 : zoom < 16.5 ? 8.5 : 10) - (row[11] ? 0 : 1.5);
    };
    for (const row of data.f) {
      const cat = data.cats[row[3]];
      const mark = new Glyph([row[2] / STEPS, row[1] / STEPS], {
        renderer: renderer, pane: "places", radius: radius(row), color: "#ffffff", weight: 1.4,
        fillColor: cat.colour, fillOpacity: row[11] ? 1 : 0.75, glyph: cat.glyph, ink: cat.ink,
      });
      mark.bindPopup(() => popup(data, row), { maxWidth: 300 }).addTo(groups["c" + row[3]]);
      marks.push([mark, row]);
    }
    map.on("zoomend", () => { for (const [mark, row] of marks) mark.setRadius(radius(row)); });
    return groups;
  }

  /* What is planned, or where beds are given: marks above all others, of a look of their own. */
  function planned(data, rows, look) {
    const group = L.layerGroup();
    for (const [x, y, name, what, opening, walk] of rows || []) {
      const box = node("div", "facility");
      box.appendChild(node("h3", "", name || data.t.unnamed));
      box.appendChild(node("p", "walk", what));
      if (opening) box.appendChild(node("p", "", data.t.opening + data.t.colon + opening));
      box.appendChild(node("p", "", walk));
      L.marker([y / STEPS, x / STEPS], {
        title: name, alt: name, icon: L.divIcon({
          className: "anchor", iconSize: [0, 0], html: node("span", look),
        }),
      }).bindPopup(box, { maxWidth: 300 }).addTo(group);
    }
    return group;
  }

  /* The best functional cluster in reach: its point, and the ground that was looked at. */
  function cluster(data) {
    const group = L.layerGroup();
    const found = data.cluster;
    if (found) {
      const box = node("div", "facility");
      box.appendChild(node("h3", "", found.title));
      for (const line of found.lines) box.appendChild(node("p", "", line));
      const at = [found.y / STEPS, found.x / STEPS];
      const look = { color: "#7b1fa2", weight: 1.8, fillColor: "#7b1fa2" };
      L.circle(at, { radius: found.r, dashArray: "5 4", fillOpacity: 0.05, ...look })
        .bindPopup(box, { maxWidth: 300 }).addTo(group);
      L.circleMarker(at, { radius: 4, fillOpacity: 1, ...look })
        .bindPopup(box, { maxWidth: 300 }).addTo(group);
    }
    return group;
  }

  /* Where to build: an area to look in, or a plot of the user's list. */
  function sites(data) {
    const group = L.layerGroup();
    for (const site of data.sites || []) {
      const box = node("div", "facility");
      box.appendChild(node("h3", "", site.title));
      for (const line of site.lines) box.appendChild(node("p", "", line));
      const at = [site.y / STEPS, site.x / STEPS];
      const look = { color: "#c2410c", weight: 2, fillColor: "#c2410c" };
      const mark = site.r
        ? L.circle(at, { radius: site.r, dashArray: "2 5", fillOpacity: 0.12, ...look })
        : L.circleMarker(at, { radius: 7, fillOpacity: 0.9, ...look });
      mark.bindPopup(box, { maxWidth: 300 }).addTo(group);
    }
    return group;
  }

  function gates(map, data) {
    const group = L.layerGroup();
    for (const [x, y, kind, label] of data.gates) {
      L.marker([y / STEPS, x / STEPS], {
        keyboard: false, icon: L.divIcon({
          className: "anchor", iconSize: [0, 0], html: node("span", "gate " + kind, data.t.gate),
        }),
      }).bindTooltip(tip([label]), { className: "pg-tip" }).addTo(group);
    }
    return group;
  }

  function dots(map, data) {
    const pane = map.createPane("places");
    pane.style.zIndex = 425;
    pane.style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "places", padding: 0.2 });
    const groups = {};
    data.dots.forEach((cat, i) => {
      const group = L.layerGroup();
      groups["c" + i] = group;
      /* Made when first shown: twenty thousand marks cost time that most readers never need. */
      group.once("add", () => {
        let x = 0;
        let y = 0;
        for (let k = 0; k < cat.d.length; k += 2) {
          x += cat.d[k];
          y += cat.d[k + 1];
          L.circleMarker([y / STEPS, x / STEPS], {
            renderer: renderer, pane: "places", interactive: false, radius: 3, stroke: true,
            color: "#fff", weight: 0.7, fillColor: cat.colour, fillOpacity: 1,
          }).addTo(group);
        }
      });
    });
    return groups;
  }

  /* ---- the page -------------------------------------------------------------------------- */

  function controls(map, data) {
    L.control.zoom({ zoomInTitle: data.t.zoom_in, zoomOutTitle: data.t.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    map.attributionControl.setPrefix(false);
    map.attributionControl.addAttribution(node("span", "", data.credit).innerHTML);
    const mark = L.control({ position: "bottomleft" });
    mark.onAdd = () => {
      const box = node("div", "map-marks");
      for (const line of data.marks) box.appendChild(node("div", "", line));
      return box;
    };
    mark.addTo(map);
    map.on("popupopen", (event) => {
      const close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) { close.setAttribute("aria-label", data.t.close); close.title = data.t.close; }
    });
  }

  function hover(data, paths) {
    for (const row of document.querySelectorAll("tr[data-park]")) {
      const path = paths[Number(row.dataset.park)];
      if (!path) continue;
      const on = () => { path.setStyle({ weight: 4, color: "#0b3d91" }); path.bringToFront(); };
      const off = () => path.setStyle({ weight: 1.4, color: "#3b3226" });
      row.addEventListener("mouseenter", on);
      row.addEventListener("mouseleave", off);
      row.addEventListener("focusin", on);
      row.addEventListener("focusout", off);
    }
  }

  function draw(map) {
    const data = JSON.parse(document.getElementById("parkgap-data").textContent);
    const [west, south, east, north] = data.bounds;
    map.getContainer().setAttribute("aria-label", data.t.map_label);
    map.getContainer().setAttribute("role", "application");
    /* The legend lies over the right of the map; where there is room, parks keep clear of it. */
    const legend = document.querySelector(".map-legend");
    const roomy = map.getSize().x > 560;
    if (legend && !roomy) legend.open = false;
    const beside = legend && roomy ? legend.offsetWidth : 0;
    map.fitBounds([[south, west], [north, east]], {
      paddingTopLeft: [18, 18], paddingBottomRight: [18 + beside, 18], animate: false, maxZoom: 16,
    });
    ground(map);
    controls(map, data);
    const paths = parks(map, data);
    coverage(map, data);
    if (data.page === "overview") {
      ranks(map, data, paths);
      const groups = dots(map, data);
      groups.sites = sites(data);
      switches(map, groups);
      hover(data, paths);
    } else {
      const groups = facilities(map, data);
      groups.gates = gates(map, data);
      groups.planned = planned(data, data.planned, "planned");
      groups.beds = planned(data, data.beds, "bed");
      groups.cluster = cluster(data);
      groups.sites = sites(data);
      switches(map, groups);
    }
    labels(map);
    document.documentElement.dataset.map = "drawn";
  }

  /* ---- tables ---------------------------------------------------------------------------- */

  function sort(table, column, heading) {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    for (const th of table.tHead.rows[0].cells) th.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const value = (row) => row.cells[column].dataset.v;
    const numeric = heading.classList.contains("num");
    const rows = Array.from(body.rows);
    rows.sort((a, b) => {
      const x = value(a);
      const y = value(b);
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      const order = numeric ? Number(x) - Number(y) : x.localeCompare(y, document.documentElement.lang);
      return up ? order : -order;
    });
    body.append(...rows);
  }

  function tables() {
    for (const table of document.querySelectorAll("table.sortable")) {
      Array.from(table.tHead.rows[0].cells).forEach((th, i) => {
        const button = th.querySelector("button");
        if (button) button.addEventListener("click", () => sort(table, i, th));
      });
    }
    for (const input of document.querySelectorAll("input[data-search]")) {
      const table = document.getElementById(input.dataset.search);
      const none = document.getElementById(input.dataset.search + "-none");
      if (!table) continue;
      input.addEventListener("input", () => {
        const wanted = input.value.trim().toLowerCase();
        let left = 0;
        for (const row of table.tBodies[0].rows) {
          row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
          if (!row.hidden) left++;
        }
        if (none) none.hidden = left > 0;
      });
    }
    window.addEventListener("beforeprint", () => {
      for (const d of document.querySelectorAll("details")) d.open = true;
    });
  }

  tables();
  window.parkgap = { draw: draw };
})();

/* Facilities, gates, plans and sites, in layers that can be switched. */
(function () {
  "use strict";

  const { STEPS, fill, node, tip } = window.parkgap;

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
    if (data.shifts) box.appendChild(window.parkgap.openings(data, row));
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

  /* A canvas takes every click on it: what can be clicked on a park's page shares that of the
     facilities, areas behind dots. */
  function shared(data) {
    return data.canvas ? { renderer: data.canvas, pane: "places" } : {};
  }

  function behind(group) {
    group.on("add", () => group.eachLayer((layer) => {
      if (layer.getBounds && layer.bringToBack) layer.bringToBack();
    }));
    return group;
  }

  function facilities(map, data) {
    map.createPane("places").style.zIndex = 440;
    const renderer = L.canvas({ pane: "places", padding: 0.2, tolerance: 3 });
    data.canvas = renderer;
    const groups = {};
    const marks = [];
    data.cats.forEach((cat, i) => { groups["c" + i] = L.layerGroup(); });
    /* Plain dots from afar, letters from near; what is shown but not scored stays smaller. */
    const radius = (row, mark) => {
      if (mark && mark.options.faded) return 3.5;
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
    const resize = () => { for (const [mark, row] of marks) mark.setRadius(radius(row, mark)); };
    map.on("zoomend", resize);
    data.marks = { all: marks, resize: resize };
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
      const look = { color: "#7b1fa2", weight: 1.8, fillColor: "#7b1fa2", ...shared(data) };
      L.circle(at, { radius: found.r, dashArray: "5 4", fillOpacity: 0.05, ...look })
        .bindPopup(box, { maxWidth: 300 }).addTo(group);
      L.circleMarker(at, { radius: 4, fillOpacity: 1, ...look })
        .bindPopup(box, { maxWidth: 300 }).addTo(group);
    }
    return behind(group);
  }

  /* Where to build: an area to look in, or a plot of the user's list. */
  function sites(data) {
    const group = L.layerGroup();
    for (const site of data.sites || []) {
      const box = node("div", "facility");
      box.appendChild(node("h3", "", site.title));
      for (const line of site.lines) box.appendChild(node("p", "", line));
      const at = [site.y / STEPS, site.x / STEPS];
      const look = { color: "#c2410c", weight: 2, fillColor: "#c2410c", ...shared(data) };
      const mark = site.r
        ? L.circle(at, { radius: site.r, dashArray: "2 5", fillOpacity: 0.12, ...look })
        : L.circleMarker(at, { radius: 7, fillOpacity: 0.9, ...look });
      mark.bindPopup(box, { maxWidth: 300 }).addTo(group);
    }
    return behind(group);
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

  Object.assign(window.parkgap, { shared, behind, switches, facilities, planned, cluster, sites, gates, dots });
})();

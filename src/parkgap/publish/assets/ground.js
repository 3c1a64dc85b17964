/* The drawn ground, and the names of settlements on it. */
(function () {
  "use strict";

  const { STEPS, sheets, decode, node } = window.parkgap;

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
        if (name !== "o") decode(sheet[name], sheet.o, found[name] = found[name] || []);
      }
    }
    const options = { renderer: renderer, pane: "ground", interactive: false };
    for (const [name, colour] of GROUND) {
      if (!found[name]) continue;
      L.polygon(found[name], Object.assign({
        stroke: false, fillColor: colour, fillOpacity: 1, fillRule: "nonzero", smoothFactor: 0.8,
      }, options)).addTo(map);
    }
    /* Lines are made when a zoom first shows them. */
    const drawn = LINES.filter(([name]) => found[name]).map(
      ([name, colour, stops, least]) => ({ name, colour, stops, least, line: null }));
    /* Layers are taken off and put on again in order, so that their order stays. */
    function restyle() {
      const zoom = map.getZoom();
      for (const { line } of drawn) if (line) line.remove();
      for (const one of drawn) {
        const weight = width(one.stops, zoom);
        if (zoom < one.least || !(weight > 0)) continue;
        one.line = one.line || L.polyline(
          found[one.name], Object.assign({ color: one.colour, smoothFactor: 0.8 }, options));
        one.line.options.weight = weight;
        one.line.addTo(map);
      }
    }
    restyle();
    map.on("zoomend", restyle);
  }

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

  Object.assign(window.parkgap, { ground, labels });
})();

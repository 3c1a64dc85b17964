/* Parks on the map, and their rows beside it. */
(function () {
  "use strict";

  const { decode, node, tip } = window.parkgap;

  const PLAIN = { weight: 1.4, color: "#3b3226" };
  const LIT = { weight: 4, color: "#0b3d91" };

  /* Fill and ink of a park in the layer that is shown. */
  function fills(data, park) {
    const layer = data.layer || data.layers[0];
    return data.looks[layer.k[park.row]];
  }

  /* What a park's tooltip says: of the layer that is shown, first. */
  function lines(data, park) {
    const layer = data.layer;
    if (!layer || layer.group === "all") return park.lines;
    const said = window.parkgap.scoreOf(data, layer, park.row);
    const [name, ...rest] = park.lines;
    return [name, layer.label + data.t.colon + said.join(" "), ...rest];
  }

  function light(path, on) {
    const style = on || path.chosen ? LIT : PLAIN;
    for (const layer of [path, path.dot]) if (layer) layer.setStyle(style);
    if (on && path.shown) path.bringToFront();
  }

  /* A park too small to hit at this zoom gets a round mark; what a filter leaves out, nothing. */
  function settle(map, path) {
    const b = path.getBounds();
    const size = map.latLngToLayerPoint(b.getSouthEast()).subtract(
      map.latLngToLayerPoint(b.getNorthWest()));
    if (path.shown) path.addTo(map); else path.remove();
    if (path.shown && Math.max(size.x, size.y) < 14) path.dot.addTo(map); else path.dot.remove();
    /* Leaflet's tooltips make shapes stops of the Tab key; hundreds of them would stand before the
       table, which is the keyboard's way to the parks. */
    for (const layer of [path, path.dot]) {
      const shape = layer.getElement();
      if (shape) shape.setAttribute("tabindex", "-1");
    }
  }

  function parks(map, data) {
    map.createPane("parks").style.zIndex = 420;
    const svg = L.svg({ pane: "parks", padding: 0.3 });
    const paths = data.parks.map((park) => {
      const overview = data.page === "overview";
      const style = overview
        ? { color: "#3b3226", weight: 1.4, fillColor: fills(data, park)[0], fillOpacity: 0.82 }
        : park.this
          ? { color: "#8a2f00", weight: 2.6, fillColor: "#d95f0e", fillOpacity: 0.08 }
          : { color: "#6b6257", weight: 1.4, dashArray: "5 4", fill: false };
      const path = L.polygon(decode([park.n, park.d], [0, 0]), Object.assign({
        renderer: svg, pane: "parks", fillRule: "nonzero", interactive: overview,
        smoothFactor: 0.5, className: "park",
      }, style)).addTo(map);
      if (overview) {
        const dot = L.circleMarker(path.getBounds().getCenter(), Object.assign({
          renderer: svg, pane: "parks", radius: 6, className: "park",
        }, style));
        path.dot = dot;
        path.shown = true;
        for (const layer of [path, dot]) {
          layer.bindTooltip(() => tip(lines(data, park)), { sticky: true, className: "pg-tip" });
          layer.on("click", (event) => {
            L.DomEvent.stopPropagation(event);
            window.parkgap.links.set("park", data.rows[park.row]); // for whoever comes back
            window.location.href = park.url;
          });
          layer.on("mouseover", () => light(path, true));
          layer.on("mouseout", () => light(path, false));
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
      for (const path of paths) if (path.dot) settle(map, path);
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
        if (!park.rank || taken.length > 60 || !paths[i].shown) return;
        const at = paths[i].getBounds().getCenter();
        const p = map.latLngToContainerPoint(at);
        if (taken.some((q) => Math.abs(q.x - p.x) < 24 && Math.abs(q.y - p.y) < 20)) return;
        taken.push(p);
        const badge = node("span", "rank", park.rank);
        const [fill, ink] = fills(data, park);
        const plain = fill.startsWith("#");
        badge.style.background = plain ? fill : "#ffffff";
        badge.style.color = plain ? ink : "#000000";
        L.marker(at, {
          pane: "ranks", interactive: false, keyboard: false,
          icon: L.divIcon({ className: "anchor", iconSize: [0, 0], html: badge }),
        }).addTo(group);
      });
    }
    draw();
    map.on("zoomend", draw);
    return draw;
  }

  function coverage(map, data) {
    if (!data.coverage) return;
    L.polyline(decode(data.coverage, [0, 0]), {
      pane: "parks", renderer: L.svg({ pane: "parks", padding: 0.3 }), color: "#555", weight: 1.2,
      dashArray: "2 5", interactive: false,
    }).addTo(map);
  }

  function hover(data, paths) {
    for (const row of document.querySelectorAll("tr[data-park]")) {
      const path = paths[Number(row.dataset.park)];
      if (!path) continue;
      row.addEventListener("mouseenter", () => light(path, true));
      row.addEventListener("mouseleave", () => light(path, false));
      row.addEventListener("focusin", () => light(path, true));
      row.addEventListener("focusout", () => light(path, false));
    }
  }

  Object.assign(window.parkgap, { parks, ranks, coverage, hover, fills, light, settle });
})();

/* Parks on the map, and their rows beside it. */
(function () {
  "use strict";

  const { decode, node, tip } = window.parkgap;

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
          layer.bindTooltip(() => tip(park.lines), { sticky: true, className: "pg-tip" });
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

  Object.assign(window.parkgap, { parks, ranks, coverage, hover });
})();

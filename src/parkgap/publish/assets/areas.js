/* Areas of reach: below the parks and all marks, above the ground. */
(function () {
  "use strict";

  const { decode, node } = window.parkgap;

  /* One colour, apart from ground, scores and categories. The areas lie one in the other, so that
     they are told apart by depth; from near by their lines too. Minutes: fill, line. */
  const COLOUR = "#3d348b";
  const LOOKS = { 5: [0.24, "1 4"], 10: [0.18, "7 4"], 15: [0.14, null] };
  /* Where its label stands: north, east and west, so that three labels of a small park part. */
  const OUT = { 5: [0, -1], 10: [0, 1], 15: [1, 0] };

  function areas(map, data) {
    const group = L.layerGroup();
    if (!data.areas) return group;
    const pane = map.createPane("areas");
    pane.style.zIndex = 300;
    pane.style.pointerEvents = "none";
    const renderer = L.svg({ pane: "areas", padding: 0.3 });
    /* From afar an area is hardly wider than a line. */
    const weight = () => (map.getZoom() < 15 ? 0.7 : map.getZoom() < 16 ? 1.2 : 1.8);
    const shapes = [];
    for (const area of data.areas) {
      const [opacity, dashes] = LOOKS[area.m];
      const rings = decode([area.n, area.d], [0, 0]);
      shapes.push(L.polygon(rings, {
        renderer: renderer, pane: "areas", interactive: false, fillRule: "nonzero", smoothFactor: 0.5,
        color: COLOUR, weight: weight(), opacity: 0.9, dashArray: dashes, lineCap: "round",
        fillColor: COLOUR, fillOpacity: opacity, className: "reach-area m" + area.m,
      }).addTo(group));
      const away = OUT[area.m];
      const far = (at) => at.lat * away[0] + at.lng * away[1];
      let edge = rings[0][0];
      for (const ring of rings) for (const at of ring) if (far(at) > far(edge)) edge = at;
      L.marker(edge, {
        pane: "areas", interactive: false, keyboard: false,
        icon: L.divIcon({
          className: "anchor", iconSize: [0, 0], html: node("span", "reach-label", area.label),
        }),
      }).addTo(group);
    }
    map.on("zoomend", () => { for (const shape of shapes) shape.setStyle({ weight: weight() }); });
    return group;
  }

  Object.assign(window.parkgap, { areas });
})();

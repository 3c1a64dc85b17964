/* Areas of reach: below the parks and all marks, above the ground. */
(function () {
  "use strict";

  const { decode, node } = window.parkgap;

  /* One colour, apart from ground, scores and categories; told apart by line and by depth, for
     the areas lie one in the other. */
  const COLOUR = "#3d348b";
  const LINES = { 5: "1 4", 10: "7 4", 15: null };

  function areas(map, data) {
    const group = L.layerGroup();
    if (!data.areas) return group;
    const pane = map.createPane("areas");
    pane.style.zIndex = 300;
    pane.style.pointerEvents = "none";
    const renderer = L.svg({ pane: "areas", padding: 0.3 });
    for (const area of data.areas) {
      const rings = decode([area.n, area.d], [0, 0]);
      L.polygon(rings, {
        renderer: renderer, pane: "areas", interactive: false, fillRule: "nonzero", smoothFactor: 0.5,
        color: COLOUR, weight: 1.8, opacity: 0.9, dashArray: LINES[area.m], lineCap: "round",
        fillColor: COLOUR, fillOpacity: 0.13, className: "reach-area",
      }).addTo(group);
      let top = rings[0][0];
      for (const ring of rings) for (const at of ring) if (at[0] > top[0]) top = at;
      L.marker(top, {
        pane: "areas", interactive: false, keyboard: false,
        icon: L.divIcon({
          className: "anchor", iconSize: [0, 0], html: node("span", "reach-label", area.label),
        }),
      }).addTo(group);
    }
    return group;
  }

  Object.assign(window.parkgap, { areas });
})();

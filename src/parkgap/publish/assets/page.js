/* Puts a page together: the map with its controls, then what the page is about. */
(function () {
  "use strict";

  const {
    node, ground, labels, parks, ranks, coverage, hover, shading, besideMap, printing, tiles,
    shifts, homes, layerLinks, reading, onPaper, placeList,
    switches, areas, facilities, planned, cluster, sites, gates, dots,
  } = window.parkgap;

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
    /* The marks stand above the credit, however many lines that takes. */
    const credit = map.attributionControl.getContainer();
    const lift = () => { mark.getContainer().style.marginBottom = credit.offsetHeight + 6 + "px"; };
    lift();
    new ResizeObserver(lift).observe(credit);
    map.on("popupopen", (event) => {
      const close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) { close.setAttribute("aria-label", data.t.close); close.title = data.t.close; }
    });
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
    const net = data.tiles ? tiles(map, data) : null;
    if (net && !document.querySelector("input[data-layer=tiles]")) net.addTo(map);
    controls(map, data);
    const paths = parks(map, data);
    coverage(map, data);
    if (data.page === "overview") {
      const renumber = ranks(map, data, paths);
      const groups = dots(map, data);
      groups.sites = sites(data);
      groups.tiles = net;
      switches(map, groups);
      hover(data, paths);
      shading(data, paths, renumber);
      besideMap(map, data, paths, renumber);
      printing(map);
    } else {
      const groups = facilities(map, data);
      groups.areas = areas(map, data);
      groups.gates = gates(map, data);
      groups.planned = planned(data, data.planned, "planned");
      groups.beds = planned(data, data.beds, "bed");
      groups.cluster = cluster(data);
      groups.sites = sites(data);
      groups.homes = homes(map, data);
      switches(map, groups);
      shifts(data);
      layerLinks();
      reading();
      placeList(map, data);
      onPaper(map);
    }
    labels(map);
    document.documentElement.dataset.map = "drawn";
  }

  Object.assign(window.parkgap, { draw });
})();

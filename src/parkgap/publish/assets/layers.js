/* What parks are shaded by: map, legend, tooltips and the table's scores follow the choice. */
(function () {
  "use strict";

  const { fill, node, links, fills, resort } = window.parkgap;
  const SVG = "http://www.w3.org/2000/svg";

  /* Score and range of a row in a layer, as texts; the range only where it has two ends. */
  function scoreOf(data, layer, row) {
    const [s, l, h] = [layer.s[row], layer.l[row], layer.h[row]];
    const doubt = data.looks[layer.k[row]][0] === "url(#pg-hatch)" ? [data.t.to_verify] : [];
    if (s === null || s === undefined) return [data.t.none, ...doubt];
    const [low, high] = [l.toFixed(1), h.toFixed(1)];
    return [s.toFixed(1), low === high ? low : fill(data.t.range, { low, high }), ...doubt];
  }

  function swatch(colour) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", "12");
    svg.setAttribute("height", "12");
    svg.setAttribute("aria-hidden", "true");
    const rect = document.createElementNS(SVG, "rect");
    for (const [k, v] of [["width", 12], ["height", 12], ["stroke", "#3b3226"], ["fill", colour]]) {
      rect.setAttribute(k, v);
    }
    svg.appendChild(rect);
    return svg;
  }

  function scores(data, layer, table) {
    for (const row of table.tBodies[0].rows) {
      const i = Number(row.dataset.row);
      const cell = row.querySelector("td.score");
      const [score, ...range] = scoreOf(data, layer, i);
      cell.replaceChildren(swatch(data.looks[layer.k[i]][0]), " ", score,
        node("small", "", range[0] || ""));
      if (layer.s[i] === null) delete cell.dataset.v; else cell.dataset.v = layer.s[i];
    }
    const button = table.querySelector("th.score button");
    let small = button.querySelector("small");
    if (!small) { small = node("small"); button.appendChild(small); }
    small.textContent = layer.group === "all" ? "" : layer.label;
    resort(table);
  }

  function legend(data, layer) {
    document.getElementById("layer-name").textContent =
      layer.group === "all" ? "" : data.t.colon + layer.label;
    const note = document.getElementById("layer-note");
    note.textContent = fill(data.notes[layer.group], { label: layer.label });
    for (const entry of document.querySelectorAll("li[data-looks]")) {
      const own = entry.dataset.looks.split(" ").map(Number);
      const n = layer.k.filter((look) => own.includes(look)).length;
      entry.querySelector(".n").textContent = n || "";
      if (data.looks.length - 1 === own[0]) entry.hidden = n === 0;
      const said = entry.querySelector(".unranked");
      if (said) said.textContent = layer.group === "all" ? data.t.unranked : data.t.unshaded;
    }
  }

  function shading(data, paths, renumber) {
    const select = document.getElementById("layer");
    const table = document.getElementById("main-table");
    data.layer = data.layers[0];
    function show(layer) {
      data.layer = layer;
      data.parks.forEach((park, i) => {
        const fillColor = fills(data, park)[0];
        for (const path of [paths[i], paths[i].dot]) path.setStyle({ fillColor });
      });
      renumber();
      legend(data, layer);
      scores(data, layer, table);
    }
    /* What an address names must be one of ours; anything else is the whole score. */
    function follow() {
      const wanted = links.get("layer");
      const layer = data.layers.find((one) => one.id === wanted) || data.layers[0];
      if (select) select.value = layer.id;
      if (layer !== data.layer) show(layer);
    }
    legend(data, data.layer);
    if (!select) return;
    select.addEventListener("change", () => {
      const layer = data.layers.find((one) => one.id === select.value) || data.layers[0];
      show(layer);
      links.set("layer", layer === data.layers[0] ? null : layer.id);
    });
    links.onChange(follow);
    follow();
  }

  Object.assign(window.parkgap, { shading, scoreOf });
})();

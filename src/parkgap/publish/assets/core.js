/* parkgap: draws the maps of a result folder with Leaflet, from data beside the page.
   Every name reaches the page as textContent, never as markup.  The files of this folder
   are loaded in order and share what stands in window.parkgap. */
(function () {
  "use strict";

  const STEPS = 1e5;
  const sheets = [];

  /* Base sheets (assets/base/*.js) call this as they load. */
  window.parkgapSheet = function (sheet, labels) {
    sheets.push({ sheet: sheet, labels: labels });
  };

  /* [n, d] -> lines of points, added to those given; see publish/basemap.py.  Leaflet's own
     points: a country's ground has millions, and it would copy any other, layer by layer. */
  function decode(flat, origin, lines = []) {
    const d = flat[1];
    let k = 0;
    for (const n of flat[0]) {
      const line = new Array(n);
      let x = origin[0];
      let y = origin[1];
      for (let i = 0; i < n; i++) {
        x += d[k++];
        y += d[k++];
        line[i] = new L.LatLng(y / STEPS, x / STEPS);
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

  function tip(lines) {
    const box = node("div", "tip");
    lines.forEach((line, i) => box.appendChild(node(i ? "div" : "strong", "", line)));
    return box;
  }

  window.parkgap = { STEPS, sheets, decode, fill, node, tip };
})();

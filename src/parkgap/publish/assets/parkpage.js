/* A park's page as a whole: squares of homes, layers in the address, jumps, tables as cards. */
(function () {
  "use strict";

  const { STEPS, links, tip, shared, behind } = window.parkgap;

  const SHADES = [0.1, 0.2, 0.32, 0.46];

  /* Squares in which workers live; whoever switches them on is shown them. */
  function homes(map, data) {
    const group = behind(L.featureGroup());
    for (const [west, south, east, north, shade, said, size] of data.homes || []) {
      L.rectangle([[south / STEPS, west / STEPS], [north / STEPS, east / STEPS]], {
        color: "#4a148c", weight: 1, fillColor: "#4a148c", fillOpacity: SHADES[shade], ...shared(data),
      }).bindTooltip(tip([said, size]), { sticky: true, className: "pg-tip" }).addTo(group);
    }
    const box = document.querySelector("input[data-layer=homes]");
    if (box) {
      box.addEventListener("change", () => {
        if (!box.checked || map.getBounds().contains(group.getBounds())) return;
        const all = group.getBounds().extend(map.getBounds().getCenter());
        /* Above the marks in the corner. */
        map.fitBounds(all, {
          paddingTopLeft: [18, 18], paddingBottomRight: [18, 80], maxZoom: map.getZoom(),
        });
      });
    }
    return group;
  }

  /* Which layers are on, as #layer=c0,gates; nothing stands there while it is as it was. */
  function layerLinks() {
    const boxes = Array.from(document.querySelectorAll("input[data-layer]"));
    const start = boxes.map((box) => box.checked);
    function write() {
      const same = boxes.every((box, i) => box.checked === start[i]);
      const on = boxes.filter((box) => box.checked).map((box) => box.dataset.layer);
      links.set("layer", same ? null : on.join(",") || "none");
    }
    function read() {
      const said = links.get("layer");
      const on = said === null ? null : said.split(",");
      boxes.forEach((box, i) => {
        const wanted = on === null ? start[i] : on.includes(box.dataset.layer);
        if (wanted === box.checked) return;
        box.checked = wanted;
        box.dispatchEvent(new Event("change"));
      });
    }
    read();
    links.onChange(read);
    for (const box of boxes) box.addEventListener("change", write);
    for (const button of document.querySelectorAll("button[data-all]")) {
      button.addEventListener("click", write);
    }
  }

  /* Jumps keep what the address says; narrow tables name each cell by its heading. */
  function reading() {
    for (const link of document.querySelectorAll(".contents a")) {
      link.addEventListener("click", (event) => {
        const panel = document.querySelector(link.getAttribute("href"));
        const heading = panel && panel.querySelector("h2");
        if (!heading) return;
        event.preventDefault();
        const fold = heading.closest("details");
        if (fold) fold.open = true;
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
        panel.scrollIntoView();
      });
    }
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = Array.from(table.tHead.rows[0].cells, (th) => (th.dataset.h = th.textContent));
      /* Laid out as cards it would no longer be a table to a screen reader. */
      table.setAttribute("role", "table");
      table.tBodies[0].setAttribute("role", "rowgroup");
      for (const row of table.tBodies[0].rows) {
        row.setAttribute("role", "row");
        Array.from(row.cells).forEach((cell, i) => {
          cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
          cell.dataset.h = heads[i];
          cell.classList.toggle("blank", cell.textContent.trim() === "—");
        });
      }
      table.classList.add("cards");
    }
  }

  const PAPER = [718, 472]; /* width and height for a map on A4, 190 x 125 mm */

  /* On paper the map is what the screen shows, made smaller or larger as a whole: drawn anew for
     printing, a canvas is written as shapes, and wiping it wipes what lies beneath. */
  function onPaper(map) {
    window.addEventListener("beforeprint", () => {
      const size = map.getSize();
      const style = map.getContainer().parentElement.style;
      style.setProperty("--paper-w", size.x + "px");
      style.setProperty("--paper-h", size.y + "px");
      style.setProperty("--paper-zoom", String(Math.min(PAPER[0] / size.x, PAPER[1] / size.y)));
    });
  }

  Object.assign(window.parkgap, { homes, layerLinks, reading, onPaper });
})();

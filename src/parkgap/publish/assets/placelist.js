/* The facilities around a park as a table: what the map shows, for keyboard and screen reader. */
(function () {
  "use strict";

  const { fill, node } = window.parkgap;

  function cell(row, label, content, tag) {
    const made = node(tag || "td", "", content);
    made.dataset.h = label;
    made.setAttribute("role", tag ? "rowheader" : "cell");
    if (tag) made.scope = "row";
    row.appendChild(made);
    return made;
  }

  function table(map, data, panel) {
    const heads = JSON.parse(panel.dataset.heads);
    const shifts = data.shifts ? data.shifts.names : [];
    const made = node("table", "cards");
    made.setAttribute("role", "table");
    made.setAttribute("aria-label", panel.dataset.label);
    const head = made.createTHead().insertRow();
    const labels = [...heads, ...shifts];
    for (const label of labels) {
      const th = node("th", "plain", label);
      th.scope = "col";
      head.appendChild(th);
    }
    const body = made.createTBody();
    body.setAttribute("role", "rowgroup");
    const order = data.f.map((row, i) => i)
      .sort((a, b) => data.f[a][3] - data.f[b][3] || b - a); /* the list is from far to near */
    for (const i of order) {
      const row = data.f[i];
      const line = body.insertRow();
      line.setAttribute("role", "row");
      const name = node("button", "small", row[0] || data.t.unnamed);
      name.type = "button";
      name.addEventListener("click", () => {
        const [mark] = data.marks.all[i];
        const box = document.querySelector(`input[data-layer="c${row[3]}"]`);
        if (box && !box.checked) box.click();
        map.getContainer().scrollIntoView({ block: "center" });
        mark.openPopup();
      });
      cell(line, labels[0], "", "th").appendChild(name);
      cell(line, labels[1], data.cats[row[3]].label);
      cell(line, labels[2], row[4].map((item) => data.items[item][0]).join(data.t.semicolon));
      cell(line, labels[3], fill(data.t.minutes, { n: row[6] }) + data.t.semicolon
        + fill(data.t.metres, { n: row[5] }));
      shifts.forEach((label, s) => {
        cell(line, label, data.shifts.words[data.shifts.codes[data.shifts.of[i]][s]]);
      });
    }
    return made;
  }

  function placeList(map, data) {
    const panel = document.getElementById("place-list");
    if (!panel) return;
    const fold = panel.closest("details");
    fold.addEventListener("toggle", () => {
      if (fold.open && !panel.firstChild) panel.appendChild(table(map, data, panel));
    });
  }

  Object.assign(window.parkgap, { placeList });
})();

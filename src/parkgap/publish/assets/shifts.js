/* The choice of a shift: places that do not serve it fade, the counts follow.  What serves whom was
   decided by the assessment; here its letters are looked up. */
(function () {
  "use strict";

  const { fill, node, links } = window.parkgap;

  const ORDER = "onauct";
  const SERVES = "ona";

  function code(data, row) {
    return data.shifts.codes[data.shifts.of[data.f.indexOf(row)]];
  }

  /* Of a place: by shift, what holds for all its items, or for each. */
  function openings(data, row) {
    const { names, words, t } = data.shifts;
    const letters = code(data, row);
    const box = node("div", "openings");
    box.appendChild(node("h4", "", t.by_shift));
    const list = node("ul");
    names.forEach((name, s) => {
      const each = row[4].map((item, k) => letters[row[4].length > 1 ? (k + 1) * names.length + s : s]);
      const same = each.every((letter) => letter === each[0]);
      const said = same ? words[letters[s]]
        : row[4].map((item, k) => data.items[item][0] + data.t.colon + words[each[k]]).join(t.sep);
      const entry = node("li");
      entry.appendChild(node("bdi", "", name));
      entry.appendChild(document.createTextNode(data.t.colon + said));
      list.appendChild(entry);
    });
    box.appendChild(list);
    return box;
  }

  function style(state, cat, scored) {
    const plain = {
      faded: false, color: "#ffffff", weight: 1.4, dashArray: null,
      fillColor: cat.colour, fillOpacity: scored ? 1 : 0.75, ink: cat.ink,
    };
    if (state === "a") return { ...plain, color: "#1f2328", weight: 1.8, dashArray: "3 2" };
    if (state === "u") {
      return { ...plain, color: cat.colour, weight: 2, dashArray: "3 2", fillColor: "#ffffff", fillOpacity: 1, ink: "#1f2328" };
    }
    if (state === "c" || state === "t") {
      return { ...plain, faded: true, color: "#6e7781", weight: 1, fillColor: "#afb8c1", fillOpacity: 0.7 };
    }
    return plain;
  }

  function shifts(data) {
    const choice = document.getElementById("shift");
    if (!choice || !data.shifts) return;
    const { names, words, codes, of, t } = data.shifts;
    const counts = Array.from(document.querySelectorAll("[data-count]"), (n) => [n, n.textContent]);
    const legend = document.getElementById("shift-legend");
    const status = document.getElementById("shift-said");

    function show() {
      const chosen = choice.selectedIndex - 1;
      const state = (i) => (chosen < 0 ? "n" : codes[of[i]][chosen]);
      const number = new Map(data.f.map((row, i) => [row, i]));
      for (const [mark, row] of data.marks.all) {
        mark.setStyle(style(state(number.get(row)), data.cats[row[3]], row[11]));
      }
      data.marks.resize();
      const tally = {};
      const good = {};
      data.f.forEach((row, i) => {
        const s = state(i);
        tally[s] = (tally[s] || 0) + 1;
        if (SERVES.includes(s)) good[row[3]] = (good[row[3]] || 0) + 1;
      });
      for (const [count, all] of counts) {
        const n = good[count.dataset.count] || 0;
        count.textContent = chosen < 0 ? all : fill(t.open_of, { n: n, all: all });
      }
      legend.hidden = chosen < 0;
      status.textContent = chosen < 0 ? "" : fill(t.said, {
        shift: names[chosen],
        list: Array.from(ORDER).filter((s) => tally[s])
          .map((s) => fill(t.said_part, { state: words[s], n: tally[s] })).join(t.sep),
      });
    }

    function fromAddress() {
      const wanted = links.get("shift");
      const at = Array.from(choice.options).findIndex((o) => o.value !== "" && o.value === wanted);
      choice.selectedIndex = Math.max(at, 0);
      show();
    }

    choice.addEventListener("change", () => { links.set("shift", choice.value || null); show(); });
    links.onChange(fromAddress);
    fromAddress();
  }

  Object.assign(window.parkgap, { shifts, openings });
})();

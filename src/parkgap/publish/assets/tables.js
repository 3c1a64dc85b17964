/* Tables that can be sorted and searched. */
(function () {
  "use strict";

  function sort(table, column, heading, up) {
    for (const th of table.tHead.rows[0].cells) th.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const value = (row) => row.cells[column].dataset.v;
    const numeric = heading.classList.contains("num");
    const rows = Array.from(body.rows);
    rows.sort((a, b) => {
      const x = value(a);
      const y = value(b);
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      const order = numeric ? Number(x) - Number(y) : x.localeCompare(y, document.documentElement.lang);
      return up ? order : -order;
    });
    body.append(...rows);
  }

  /* Sort again by the heading that the table is sorted by, after its figures changed. */
  function resort(table) {
    const heads = Array.from(table.tHead.rows[0].cells);
    const at = heads.findIndex((th) => th.hasAttribute("aria-sort"));
    if (at < 0) return;
    sort(table, at, heads[at], heads[at].getAttribute("aria-sort") === "ascending");
  }

  const filters = new Map();

  /* Set (or with null take away) one of a table's filters; a row stays if all of them let it. */
  function narrow(table, name, test) {
    const own = filters.get(table.id) || {};
    filters.set(table.id, own);
    if (test) own[name] = test; else delete own[name];
    const tests = Object.values(own);
    let left = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !tests.every((one) => one(row));
      if (!row.hidden) left++;
    }
    const none = document.getElementById(table.id + "-none");
    if (none) none.hidden = left > 0;
    table.dispatchEvent(new CustomEvent("narrowed", { detail: left }));
  }

  function tables() {
    for (const table of document.querySelectorAll("table.sortable")) {
      Array.from(table.tHead.rows[0].cells).forEach((th, i) => {
        const button = th.querySelector("button");
        if (!button) return;
        button.addEventListener("click", () => {
          sort(table, i, th, th.getAttribute("aria-sort") !== "ascending");
        });
      });
    }
    for (const input of document.querySelectorAll("input[data-search]")) {
      const table = document.getElementById(input.dataset.search);
      if (!table) continue;
      input.addEventListener("input", () => {
        const wanted = input.value.trim().toLowerCase();
        narrow(table, "search", wanted === "" ? null
          : (row) => row.textContent.toLowerCase().includes(wanted));
      });
    }
    window.addEventListener("beforeprint", () => {
      for (const d of document.querySelectorAll("details:not([open])")) {
        d.open = true;
        d.dataset.printing = "";
      }
    });
    window.addEventListener("afterprint", () => {
      for (const d of document.querySelectorAll("details[data-printing]")) {
        d.open = false;
        delete d.dataset.printing;
      }
    });
  }

  tables();
  Object.assign(window.parkgap, { narrow, resort });
})();

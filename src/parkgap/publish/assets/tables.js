/* Tables that can be sorted and searched. */
(function () {
  "use strict";

  function sort(table, column, heading) {
    const up = heading.getAttribute("aria-sort") !== "ascending";
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

  function tables() {
    for (const table of document.querySelectorAll("table.sortable")) {
      Array.from(table.tHead.rows[0].cells).forEach((th, i) => {
        const button = th.querySelector("button");
        if (button) button.addEventListener("click", () => sort(table, i, th));
      });
    }
    for (const input of document.querySelectorAll("input[data-search]")) {
      const table = document.getElementById(input.dataset.search);
      const none = document.getElementById(input.dataset.search + "-none");
      if (!table) continue;
      input.addEventListener("input", () => {
        const wanted = input.value.trim().toLowerCase();
        let left = 0;
        for (const row of table.tBodies[0].rows) {
          row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
          if (!row.hidden) left++;
        }
        if (none) none.hidden = left > 0;
      });
    }
    window.addEventListener("beforeprint", () => {
      for (const d of document.querySelectorAll("details")) d.open = true;
    });
  }

  tables();
})();

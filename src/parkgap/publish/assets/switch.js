/* The link to the other language keeps what the address says of the page's state. */
(function () {
  "use strict";

  const keep = (link) => { link.hash = window.location.hash; };
  for (const link of document.querySelectorAll("a[data-switch]")) {
    for (const event of ["focus", "pointerdown", "click", "contextmenu"]) {
      link.addEventListener(event, () => keep(link));
    }
  }
})();

/* On paper the map has a shape of its own: it is laid out anew before printing, and back after. */
(function () {
  "use strict";

  /* A canvas that was given another size while the printer waits comes out empty in Chromium; a
     copy of it does not. */
  function copies(map) {
    const made = [];
    for (const canvas of map.getContainer().querySelectorAll("canvas")) {
      const copy = document.createElement("canvas");
      copy.width = canvas.width;
      copy.height = canvas.height;
      if (copy.width && copy.height) copy.getContext("2d").drawImage(canvas, 0, 0);
      copy.className = canvas.className;
      copy.style.cssText = canvas.style.cssText;
      canvas.parentNode.insertBefore(copy, canvas);
      canvas.hidden = true;
      made.push([canvas, copy]);
    }
    return made;
  }

  function printing(map) {
    let before = null;
    let made = [];
    function start() {
      if (before) return;
      before = [map.getBounds(), map.getCenter(), map.getZoom()];
      document.documentElement.classList.add("printing");
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(before[0], { animate: false });
      made = copies(map);
    }
    function end() {
      if (!before) return;
      for (const [canvas, copy] of made) { canvas.hidden = false; copy.remove(); }
      document.documentElement.classList.remove("printing");
      map.invalidateSize({ animate: false, pan: false });
      map.setView(before[1], before[2], { animate: false });
      before = null;
    }
    window.addEventListener("beforeprint", start);
    window.addEventListener("afterprint", end);
  }

  Object.assign(window.parkgap, { printing });
})();

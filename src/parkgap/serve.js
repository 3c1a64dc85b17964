/* parkgap watch: loads the page again when there are new results, and says when there are none.
   Part of what is served, not of the results.  Every word reaches the page as textContent. */
(function () {
  "use strict";

  const loaded = document.currentScript.dataset.version;
  const language = document.documentElement.lang.startsWith("zh") ? 0 : 1;
  const LOST = [
    "与 parkgap watch 的连接已断开，本页不再自动更新",
    "parkgap watch is out of reach; this page is not renewed",
  ];
  let bar = null;

  function show(lines) {
    if (bar) bar.remove();
    bar = null;
    if (!lines.length) return;
    bar = document.createElement("div");
    bar.id = "parkgap-notice";
    bar.setAttribute("role", "alert");
    Object.assign(bar.style, {
      position: "fixed", left: "0", right: "0", bottom: "0", zIndex: "10000",
      maxHeight: "40vh", overflow: "auto", padding: "8px 16px", overflowWrap: "anywhere",
      background: "#fff4d6", color: "#5c2400", borderTop: "3px solid #b00020",
    });
    lines.forEach(function (said, i) {
      const line = document.createElement(i ? "div" : "strong");
      line.textContent = said[language];
      bar.append(line);
    });
    document.body.append(bar);
  }

  const events = new EventSource("/_parkgap/events");
  events.onmessage = function (event) {
    const now = JSON.parse(event.data);
    if (now.version !== loaded) window.location.reload();
    else show(now.notice);
  };
  events.onerror = function () { show([LOST]); };
  window.addEventListener("pagehide", function () { events.close(); });
})();

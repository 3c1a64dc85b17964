/* What a page's address says: #park=…&layer=…&area=…  Values are only ever compared with what
   the page holds, so that a hostile address does nothing. */
(function () {
  "use strict";

  const LONGEST = 2000;
  const heard = [];
  let own = "";

  function read() {
    const hash = window.location.hash.slice(1);
    try {
      return new URLSearchParams(hash.length > LONGEST ? "" : hash);
    } catch (error) {
      return new URLSearchParams();
    }
  }

  /* Value of a name, or null. */
  function get(name) {
    return read().get(name);
  }

  /* Write a name, or several as an object, to the address in place: null takes one away.
     Nobody is told. */
  function set(name, value) {
    const said = read();
    const values = typeof name === "string" ? { [name]: value } : name;
    for (const [key, wanted] of Object.entries(values)) {
      if (wanted === null || wanted === "") said.delete(key); else said.set(key, wanted);
    }
    said.sort();
    const text = said.toString();
    const hash = text ? "#" + text : "";
    if (hash === window.location.hash) return;
    own = hash;
    const bare = window.location.href.split("#")[0];
    window.history.replaceState(null, "", hash ? bare + hash : bare);
  }

  /* Call back when somebody else changes the address. */
  function onChange(callback) {
    heard.push(callback);
  }

  window.addEventListener("hashchange", () => {
    if (window.location.hash === own) return;
    own = window.location.hash;
    for (const callback of heard) callback();
  });

  window.parkgap.links = { get, set, onChange };
})();

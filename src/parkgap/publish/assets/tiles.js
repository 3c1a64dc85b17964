/* Tiles from the net over the drawn ground, each put where it belongs in WGS-84.

   Tiles in GCJ-02 or BD-09 lie some hundred metres off, by an amount that changes from place to
   place. So every tile gets its own shift, and farther out, where one tile spans kilometres, it
   is drawn in pieces. A piece is moved, turned and stretched by the plane
   transformation of its four corners. */
(function () {
  "use strict";

  const SIZE = 256;
  const PAD = 2; // a tile's edges move by less than this against its corner
  const MOST = 32; // pieces along a tile's side
  const crs = L.CRS.EPSG3857;

  /* Pixel of a datum at a zoom -> pixel in WGS-84. */
  function home(datum, zoom, x, y) {
    const at = crs.pointToLatLng(L.point(x, y), zoom);
    const [lng, lat] = window.parkgap.datum.toWgs84(datum, [at.lng, at.lat]);
    return crs.latLngToPoint(L.latLng(lat, lng), zoom);
  }

  /* Zoom whose tiles are small enough to be moved as one: the shift of GCJ-02 has waves of a
     third of a degree, that of BD-09 others of an eighth besides. */
  const WHOLE = { GCJ02: 13, BD09: 15 };

  /* Pieces along a tile's side. */
  function pieces(datum, zoom) {
    return Math.min(MOST, 2 ** Math.max(0, WHOLE[datum] - zoom));
  }

  /* Where a square of pixels is drawn, as [a, b, c, d, e, f] of a canvas, from its corner. */
  function transform(datum, zoom, x, y, side) {
    const [nw, ne, sw, se] = [[x, y], [x + side, y], [x, y + side], [x + side, y + side]]
      .map(([px, py]) => home(datum, zoom, px, py));
    const a = (ne.x - nw.x + se.x - sw.x) / 2 / side;
    const b = (ne.y - nw.y + se.y - sw.y) / 2 / side;
    const c = (sw.x - nw.x + se.x - ne.x) / 2 / side;
    const d = (sw.y - nw.y + se.y - ne.y) / 2 / side;
    const e = (nw.x + ne.x + sw.x + se.x) / 4 - ((a + c) * side) / 2;
    const f = (nw.y + ne.y + sw.y + se.y) / 4 - ((b + d) * side) / 2;
    return [a, b, c, d, e, f];
  }

  /* Where a point of a datum is drawn at a zoom: what tests compare. */
  function drawnAt(datum, zoom, lng, lat) {
    const p = crs.latLngToPoint(L.latLng(lat, lng), zoom);
    const side = SIZE / pieces(datum, zoom);
    const x = Math.floor(p.x / side) * side;
    const y = Math.floor(p.y / side) * side;
    const [a, b, c, d, e, f] = transform(datum, zoom, x, y, side);
    const at = L.point(a * (p.x - x) + c * (p.y - y) + e, b * (p.x - x) + d * (p.y - y) + f);
    const found = crs.pointToLatLng(at, zoom);
    return [found.lng, found.lat];
  }

  const Shifted = L.GridLayer.extend({
    initialize: function (url, options) {
      this._url = url;
      L.GridLayer.prototype.initialize.call(this, options);
    },
    /* Which tiles of the other datum lie under the view. */
    _getTiledPixelBounds: function (center) {
      const { datum } = this.options;
      const [lng, lat] = window.parkgap.datum.fromWgs84(datum, [center.lng, center.lat]);
      return L.GridLayer.prototype._getTiledPixelBounds.call(this, L.latLng(lat, lng)).pad(0.02);
    },
    _getTilePos: function (coords) {
      const corner = coords.scaleBy(this.getTileSize());
      return home(this.options.datum, this._tileZoom, corner.x, corner.y)
        .subtract(this._level.origin);
    },
    createTile: function (coords, done) {
      const box = document.createElement("div");
      const canvas = document.createElement("canvas");
      const scale = this.getTileSize().x / SIZE;
      canvas.width = canvas.height = SIZE + 2 * PAD;
      canvas.style.cssText = "position:absolute;left:" + -PAD * scale + "px;top:" + -PAD * scale +
        "px;width:" + (SIZE + 2 * PAD) * scale + "px;height:" + (SIZE + 2 * PAD) * scale + "px";
      box.appendChild(canvas);
      const image = new Image();
      image.onload = () => { this._paint(canvas.getContext("2d"), image, coords); done(null, box); };
      image.onerror = () => done(new Error("tile"), box);
      const zoom = this._getZoomForUrl();
      image.src = address(this._url, this.options.tokens, { x: coords.x, y: coords.y, z: zoom });
      return box;
    },
    _getZoomForUrl: function () {
      return Math.min(this._tileZoom, this.options.maxNativeZoom);
    },
    _paint: function (canvas, image, coords) {
      const { datum } = this.options;
      const zoom = this._getZoomForUrl();
      const n = pieces(datum, zoom);
      const side = SIZE / n;
      const [x0, y0] = [coords.x * SIZE, coords.y * SIZE];
      const origin = home(datum, zoom, x0, y0);
      const grain = image.width / SIZE; // tiles for fine screens have more pixels
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const [a, b, c, d, e, f] = transform(datum, zoom, x0 + i * side, y0 + j * side, side);
          canvas.setTransform(a, b, c, d, e - origin.x + PAD, f - origin.y + PAD);
          const bleed = n > 1 ? 0.5 : 0; // so that no seam shows
          const reach = side + bleed;
          canvas.drawImage(image, i * side * grain, j * side * grain, reach * grain, reach * grain,
            0, 0, reach, reach);
        }
      }
    },
  });

  function address(url, tokens, at) {
    const s = tokens.length ? tokens[(at.x + at.y) % tokens.length] : "";
    return L.Util.template(url, { ...at, s });
  }

  /* The layers of a study, from the bottom up, as one group. */
  function tiles(map, data) {
    const said = data.tiles;
    const pane = map.createPane("tiles");
    pane.style.zIndex = 210; // above the drawn ground, which stays where no tile comes
    pane.style.pointerEvents = "none";
    const group = L.layerGroup();
    const options = { pane: "tiles", maxNativeZoom: said.max, maxZoom: 19, noWrap: true };
    let come = false;
    for (const url of said.urls) {
      const layer = said.datum === "WGS84"
        ? L.tileLayer(url, Object.assign({ subdomains: said.tokens.length ? said.tokens : ["a"] }, options))
        : new Shifted(url, Object.assign({ datum: said.datum, tokens: said.tokens }, options));
      /* Tiles bring their own names: ours step back once the first has come. */
      layer.on("tileload", () => { come = true; names(true); });
      group.addLayer(layer);
    }
    function names(on) {
      const own = map.getPane("labels");
      if (own) own.style.visibility = on && come ? "hidden" : "";
    }
    const credit = window.parkgap.node("span", "", said.credit).innerHTML;
    group.on("add", () => { map.attributionControl.addAttribution(credit); names(true); });
    group.on("remove", () => { map.attributionControl.removeAttribution(credit); names(false); });
    return group;
  }

  Object.assign(window.parkgap, { tiles, drawnAt });
})();

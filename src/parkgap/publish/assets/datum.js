/* WGS-84, GCJ-02 and BD-09 degrees, for tiles that are drawn in another datum. The same formulas
   as parkgap.sources.datum, and the same outline of China (parkgap.sources.regions) outside of
   which nothing is shifted; a test compares both. */
(function () {
  "use strict";

  const A = 6378245.0;
  const EE = 0.00669342162296594323;
  const BD = (Math.PI * 3000.0) / 180.0;
  const STEPS = 30;
  const CLOSE = 1e-11;
  const CHINA = [
    [73.3, 39], [73.5, 40.2], [76, 40.9], [79.8, 42.3], [79.8, 45.1], [82.1, 45.5], [82.1, 47.4],
    [85.1, 47.3], [85.3, 48.6], [87, 49.4], [88.2, 49.4], [90.3, 48], [91.5, 46.2], [91.3, 45.4],
    [95.6, 44.6], [97, 43], [101, 42.8], [105, 42], [107.5, 42.6], [110.2, 43], [111.6, 43.9],
    [111.6, 45.2], [114, 45.2], [116, 46.5], [119.5, 47], [118.4, 47.8], [115.6, 47.6], [115.3, 48.3],
    [116.5, 50.1], [119.2, 50.4], [119.6, 52.5], [120.6, 53.6], [125, 53.7], [126.3, 52.6], [127.8, 50],
    [131.3, 48.2], [135.2, 48.7], [134.9, 47.7], [133.3, 45], [131.2, 44.7], [131.6, 43], [130.9, 42.3],
    [130.1, 42.8], [128.5, 41.3], [126.4, 40.8], [124.6, 39.9], [124, 39.3], [123, 37.6], [123, 36.5],
    [121.5, 35], [123, 32], [123.4, 30], [122.5, 28], [120.9, 26.5], [119.5, 24.9], [118.5, 23.5],
    [116.5, 22], [112.5, 20.9], [111.4, 17.8], [108.3, 17.9], [108.3, 21.4], [107.2, 21.5], [106.5, 21.9],
    [106.5, 22.8], [105.3, 23], [104, 22.4], [102.4, 22.3], [101.9, 21.1], [101, 21.1], [99.8, 21.6],
    [98.8, 22.9], [98.4, 23.9], [97.4, 23.7], [97.5, 24.8], [98.5, 26.5], [97.3, 27.9], [96, 27.9],
    [93.5, 27.5], [91.5, 27.5], [89.2, 27.1], [88.3, 27.7], [86, 27.7], [84, 28.5], [81, 30],
    [78.5, 30.9], [78.3, 34], [75.9, 35.6], [74.5, 37],
  ];

  function inChina(x, y) {
    let inside = false;
    for (let i = 0, j = CHINA.length - 1; i < CHINA.length; j = i++) {
      const [xi, yi] = CHINA[i];
      const [xj, yj] = CHINA[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  }

  function gcj([lon, lat]) {
    const x = lon - 105.0;
    const y = lat - 35.0;
    const { sin, sqrt, abs, PI } = Math;
    const waves = 20.0 * sin(6.0 * x * PI) + 20.0 * sin(2.0 * x * PI);
    let north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));
    north += (waves * 2.0) / 3.0;
    north += ((20.0 * sin(y * PI) + 40.0 * sin((y / 3.0) * PI)) * 2.0) / 3.0;
    north += ((160.0 * sin((y / 12.0) * PI) + 320.0 * sin((y * PI) / 30.0)) * 2.0) / 3.0;
    let east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));
    east += (waves * 2.0) / 3.0;
    east += ((20.0 * sin(x * PI) + 40.0 * sin((x / 3.0) * PI)) * 2.0) / 3.0;
    east += ((150.0 * sin((x / 12.0) * PI) + 300.0 * sin((x / 30.0) * PI)) * 2.0) / 3.0;
    const phi = (lat * PI) / 180;
    const w2 = 1.0 - EE * sin(phi) ** 2;
    const w = sqrt(w2);
    return [
      lon + ((east / ((A / w) * Math.cos(phi))) * 180) / PI,
      lat + ((north / ((A * (1.0 - EE)) / (w2 * w))) * 180) / PI,
    ];
  }

  function bd([lon, lat]) {
    const r = Math.hypot(lon, lat) + 0.00002 * Math.sin(lat * BD);
    const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * BD);
    return [r * Math.cos(angle) + 0.0065, r * Math.sin(angle) + 0.006];
  }

  /* The usual one-step inverse errs by metres; this one by micrometres. */
  function inverse(step, [lon, lat]) {
    let x = lon;
    let y = lat;
    for (let i = 0; i < STEPS; i++) {
      const [fx, fy] = step([x, y]);
      x -= fx - lon;
      y -= fy - lat;
      if (Math.max(Math.abs(fx - lon), Math.abs(fy - lat)) < CLOSE) break;
    }
    return [x, y];
  }

  const FORTH = { GCJ02: gcj, BD09: (p) => bd(gcj(p)) };
  const BACK = { GCJ02: (p) => inverse(gcj, p), BD09: (p) => inverse(gcj, inverse(bd, p)) };

  /* [lon, lat] in WGS-84 -> in a datum; and back. */
  function fromWgs84(datum, point) {
    return FORTH[datum] && inChina(point[0], point[1]) ? FORTH[datum](point) : point;
  }

  function toWgs84(datum, point) {
    if (!BACK[datum]) return point;
    const back = BACK[datum](point);
    return inChina(back[0], back[1]) ? back : point;
  }

  window.parkgap.datum = { fromWgs84, toWgs84, CHINA };
})();

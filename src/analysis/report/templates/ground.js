// From the grid of a map back to the ground: path data as GeoJSON in degrees.
const Ground = (() => {
  "use strict";
  const rings = path => {
    const found = [];
    let at = [0, 0], ring = null;
    for (const [, letter, rest] of path.matchAll(/([MmlhvzZ])([^MmlhvzZ]*)/g)) {
      const numbers = (rest.match(/-?\d+/g) || []).map(Number);
      if (letter === "M" || letter === "m") {
        at = letter === "M" ? numbers : [at[0] + numbers[0], at[1] + numbers[1]];
        ring = [at];
        found.push(ring);
      } else if (letter === "z" || letter === "Z") at = ring[0];
      else for (let i = 0; i < numbers.length; i += letter === "l" ? 2 : 1) {
        const step = letter === "l" ? [numbers[i], numbers[i + 1]] : letter === "h" ? [numbers[i], 0] : [0, numbers[i]];
        at = [at[0] + step[0], at[1] + step[1]];
        ring.push(at);
      }
    }
    return found;
  };
  const area = ring => ring.reduce((sum, [x, y], i) => { const [a, b] = ring[(i + 1) % ring.length]; return sum + x * b - a * y; }, 0) / 2;
  const holds = (ring, [x, y]) => ring.reduce((inside, [a, b], i) => {
    const [c, d] = ring[(i + 1) % ring.length];
    return (b > y) !== (d > y) && x < (c - a) * (y - b) / (d - b) + a ? !inside : inside;
  }, false);
  // The middle of a ring's first edge, moved a little off it, lies inside one of the rings around it or not
  const probe = ring => [(ring[0][0] + ring[1][0]) / 2 + .01, (ring[0][1] + ring[1][1]) / 2 + .01];
  const degrees = (told, [x, y]) => {
    const u = x / told.width, v = y / told.height, { powers, lon, lat } = told.degrees;
    const sum = factors => powers.reduce((total, [i, j], k) => total + factors[k] * u ** i * v ** j, 0);
    return [sum(lon), sum(lat)].map(value => Math.round(value * 1e6) / 1e6);
  };
  // Outer rings run counterclockwise in degrees, where y points up, and holes the other way (RFC 7946)
  const closed = (told, ring, outer) => {
    const turned = (area(ring) < 0) === outer ? ring : ring.slice().reverse();
    return [...turned, turned[0]].map(point => degrees(told, point));
  };
  const geometry = (path, told) => {
    const all = rings(path).filter(ring => ring.length > 2);
    const around = all.map(ring => all.filter(other => other !== ring && holds(other, probe(ring))));
    const shells = all.filter((_, i) => around[i].length % 2 === 0);
    const polygons = shells.map(shell => [closed(told, shell, true)]);
    all.forEach((ring, i) => {
      if (around[i].length % 2 === 0) return;
      const owner = around[i].filter(other => shells.includes(other)).sort((a, b) => Math.abs(area(a)) - Math.abs(area(b)))[0];
      polygons[shells.indexOf(owner)].push(closed(told, ring, false));
    });
    return polygons.length === 1 ? { type: "Polygon", coordinates: polygons[0] } : { type: "MultiPolygon", coordinates: polygons };
  };
  return { rings, geometry };
})();

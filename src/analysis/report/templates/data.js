// The data a page carries, column by column (see report/packing.py), as the rows other scripts ask for.
const Data = (() => {
  "use strict";
  const json = id => { const found = document.getElementById(id); return found ? JSON.parse(found.textContent) : null; };
  const column = packed => {
    if (Array.isArray(packed)) return packed;
    if (packed.same) return column(json(`data-${packed.same}`).packed[packed.column]);
    if (packed.of) return Array.from(packed.at, place => packed.of[typeof place === "string" ? parseInt(place, 36) : place]);
    return packed.rest.map(text => (packed.lead || "") + text + (packed.tail || ""));
  };
  const read = name => {
    const held = json(`data-${name}`);
    if (!held || !held.packed) return held;
    const columns = held.packed.map(column);
    return { columns: held.columns, rows: columns.length ? columns[0].map((_, row) => columns.map(values => values[row])) : [] };
  };
  return { json, column, read };
})();

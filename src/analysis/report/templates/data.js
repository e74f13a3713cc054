// The data a page carries, column by column (see report/packing.py), as the rows other scripts ask for, and as files.
const Data = (() => {
  "use strict";
  const json = id => { const found = document.getElementById(id); return found ? JSON.parse(found.textContent) : null; };
  const column = packed => {
    if (Array.isArray(packed)) return packed;
    if (packed.same) return column(json(`data-${packed.same}`).packed[packed.column]);
    if (packed.of) return Array.from(packed.at, place => packed.of[typeof place === "string" ? parseInt(place, 36) : place]);
    return packed.rest.map(text => (packed.lead || "") + text + (packed.tail || ""));
  };
  const rows = packed => {
    const columns = packed.map(column);
    return columns.length ? columns[0].map((_, row) => columns.map(values => values[row])) : [];
  };
  const read = name => {
    const held = json(`data-${name}`);
    if (!held || !held.packed) return held;
    return { columns: held.columns, rows: rows(held.packed) };
  };
  // The findings as a reader downloads them: every field of each by name
  const findings = () => {
    const { columns, packed, citation, ...about } = json("findings");
    return { ...about, findings: rows(packed).map(values => Object.fromEntries(columns.map((name, at) => [name, values[at]]))) };
  };

  // A cell that a spreadsheet would run as a formula begins with an apostrophe instead, as in publish/downloads.py;
  // the mark at the start of a file is there because spreadsheets misread accents without it
  const formula = /^(?:[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/, number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
  const field = value => {
    let text = value === null || value === undefined ? "" : Array.isArray(value) ? value.join("; ") : String(value);
    if (typeof value !== "number" && formula.test(text) && !number.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = (columns, rows) => "\ufeff" + [columns, ...rows].map(row => row.map(field).join(",")).join("\r\n") + "\r\n";
  const save = (name, text, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return { json, column, read, findings, csv, save };
})();

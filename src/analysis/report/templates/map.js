// Maps of a whitepaper that can be questioned. Without this script a map is a picture with its legend and its table.
(() => {
  "use strict";
  const { make, button } = Maps;
  document.querySelectorAll(".drawing[data-map]").forEach(box => {
    const name = box.dataset.map, svg = box.querySelector(".map-shapes"), legend = box.querySelector(".map-legend");
    const told = Data.json(`map-${name}`), data = Data.read(name);
    if (!svg || !told || !data) return;
    const words = told.words, classes = Data.column(told.place);

    // Shapes in the order of the table: each has the number of its row, or refers to one that has
    const id = shape => (shape.getAttribute("href") || `#${shape.id}`).slice(1);
    const shapes = [], near = data.rows.map(() => []);
    svg.querySelectorAll(".map-places path, .map-places use").forEach(shape => { shapes[Number(id(shape).split(".")[1])] = shape; });
    const owner = typeof told.near === "string" ? Data.json(`map-${told.near}`) : told;
    owner.near.forEach((steps, i) => steps.forEach(step => { near[i].push(i + step); near[i + step].push(i); }));

    // What is said of a place
    const column = title => data.columns.indexOf(title);
    const value = column("status") - 1 - (column("low") < 0 ? 0 : 2);
    const plain = Object.keys(told.format).length === 0;
    const language = document.documentElement.lang || "en", locale = { es: "es-US" }[language] || language;
    const number = (v, format = told.format) => {
      const text = Math.abs(v).toLocaleString(locale, {
        minimumFractionDigits: format.decimals, maximumFractionDigits: format.decimals });
      return (v < 0 ? "−" : format.plus && v > 0 ? "+" : "") + format.before + text + format.after;
    };
    const readout = make("p", "map-readout", words.hint);
    readout.id = `readout-${name}`;
    readout.setAttribute("role", "status");
    const title = row => String(column("name") < 0 ? row[0] : row[column("name")]);
    const said = (row, measure) => {
      const at = title => row[column(title)], line = make("span", "", `${measure.label}: `), status = at(measure.status);
      if (status !== "ok") { line.append(told.status[status]); return [line]; }
      line.append(make("b", "", number(at(measure.value), measure.format)));
      const low = measure.low ? at(measure.low) : null, high = measure.high ? at(measure.high) : null;
      if (low !== null && high !== null)
        line.append(words.interval + number(low, measure.format) + words.range + number(high, measure.format));
      const place = measure.edges.filter(edge => at(measure.value) >= edge).length;
      return [line, make("span", "", words.class + measure.classes[place])];
    };
    const say = i => {
      const row = data.rows[i], status = row[column("status")], parts = [make("strong", "", title(row))];
      const where = ["neighborhood", "area"].map(title => row[column(title)]).filter(Boolean).join(", ");
      if (where) parts.push(make("span", "", where));
      if (told.pair) parts.push(...told.pair.flatMap(measure => said(row, measure)));
      else if (status !== "ok") parts.push(make("span", "", told.status[status]));
      else {
        const line = make("span", "");
        line.append(make("b", "", plain ? row[value] : number(row[value])));
        const low = row[column("low")], high = row[column("high")];
        if (column("low") >= 0 && low !== null && high !== null)
          line.append(words.interval + number(low) + words.range + number(high));
        parts.push(line);
        if (!plain) parts.push(make("span", "", words.class + told.classes[classes[i]]));
      }
      readout.replaceChildren(...parts);
    };
    const view = Maps.view(svg, {
      shapes, near, chosen: say, moved: () => limits(),
      outline: i => document.getElementById(id(shapes[i])).getAttribute("d"),
    });
    svg.setAttribute("aria-roledescription", words.role);
    svg.setAttribute("aria-describedby", readout.id);

    // Controls
    const list = make("select", "");
    list.setAttribute("aria-label", words.choose);
    list.append(new Option(words.all, ""), ...told.areas.map((area, i) => new Option(area.name, String(i))));
    list.addEventListener("change", () => list.value === "" ? view.reset() : view.frame(told.areas[Number(list.value)].box));
    const freely = act => () => { list.value = ""; act(); };
    const closer = button("+", words.closer, freely(view.closer)), farther = button("−", words.farther, freely(view.farther));
    const all = button("↺", words.all, freely(view.reset));
    const limits = () => { farther.disabled = all.disabled = view.share() > .99; closer.disabled = view.closest(); };
    limits();
    const controls = make("div", "map-controls");
    controls.append(told.areas.length > 1 ? list : all, closer, farther);
    const names = data.rows.map(title), hood = data.rows.map(row => row[column("neighborhood")]);
    const hoods = Array.from(new Set(hood.filter(Boolean))).sort();
    const finder = Maps.finder(`find-${name}`, [...hoods, ...names], words, i => {
      if (i < 0) return readout.replaceChildren(words.not_found);
      if (i < hoods.length) return view.gather(hood.flatMap((other, row) => other === hoods[i] ? [row] : []));
      return view.gather([i - hoods.length]);
    });
    const side = make("div", told.pair ? "map-side map-pair" : "map-side");
    side.append(controls, finder, readout);
    if (legend) side.append(legend);
    box.append(side);
  });
})();

// The map of all measures: one or two of them, side by side or in one map. Everything it shows is carried by the page.
(() => {
  "use strict";
  const told = Data.json("atlas"), words = told.words, { make, button, SVG } = Maps;
  const byId = id => document.getElementById(id);
  const EMPTY = ["no_data", "suppressed", "not_applicable", "failed"];
  const lang = document.documentElement.lang || "en";

  // Columns and shapes are unpacked when they are first asked for
  const once = make_one => { const held = new Map(); return key => held.get(key) ?? (held.set(key, make_one(key)), held.get(key)); };
  const column = once(number => number < 0 ? [] : Data.column(told.columns[number]));
  const places = once(kind => {
    const held = told.shapes[kind], keys = Data.column(held.keys), near = keys.map(() => []);
    (held.near || []).forEach((steps, i) => steps.forEach(step => { near[i].push(i + step); near[i + step].push(i); }));
    const texts = packed => packed ? Data.column(packed) : keys.map(() => "");
    return { ...held, kind, keys, near, names: Data.column(held.names), hoods: texts(held.hoods), areas: texts(held.areas) };
  });
  const districts = Object.keys(told.shapes).map(places).find(one => one.short);
  const measures = told.measures.map(one => ({ ...one, shapes: places(one.places), numeric: Object.keys(one.format).length > 0 }));
  const find = id => measures.find(one => one.id === id);
  const families = [];
  measures.forEach(one => {
    const known = families.find(each => each.label === one.label && each.number === one.number);
    if (known) known.members.push(one); else families.push({ label: one.label, number: one.number, paper: one.paper, members: [one] });
  });
  const family = one => families.find(each => each.members.includes(one));

  // Words and numbers
  const number = (one, value) => {
    const f = one.format, text = Math.abs(value).toLocaleString(lang, { minimumFractionDigits: f.decimals, maximumFractionDigits: f.decimals });
    const zero = !/[1-9]/.test(text);
    return (zero ? "" : value < 0 ? "−" : f.plus ? "+" : "") + f.before + text + f.after;
  };
  const status = (one, i) => column(one.status)[i];
  const value = (one, i) => {
    if (status(one, i) !== "ok") return told.status[status(one, i)];
    return one.numeric ? number(one, column(one.values)[i]) : one.classes[column(one.place)[i]][1];
  };
  const span = (one, i) => {
    const low = column(one.low)[i], high = column(one.high)[i];
    return low === undefined || low === null || high === null ? "" : number(one, low) + words.range + number(one, high);
  };
  const named = one => [one.label, one.unit].filter(Boolean).join(", ");

  // What is shown: one measure; two of them; or both as nine classes
  const state = { measure: measures[0], other: null, together: false, area: "", place: "", view: null };
  const layer = one => {
    const classes = column(one.place), counts = one.classes.map((_, c) => classes.filter(place => place === c).length);
    const order = one.classes.map((_, c) => c);
    if (one.numeric) order.reverse();
    return {
      one: [one], shapes: one.shapes, title: one.label, told: [one.unit, one.period].filter(Boolean).join(", "),
      token: i => status(one, i) === "ok" && classes[i] >= 0 ? one.classes[classes[i]][0] : "",
      status: i => status(one, i),
      legend: order.map(c => ({ token: one.classes[c][0], label: one.classes[c][1], count: counts[c] })),
    };
  };
  const thirds = values => {
    const sorted = values.slice().sort((a, b) => a - b), edge = share => sorted[Math.floor(sorted.length * share)];
    return [edge(1 / 3), edge(2 / 3)];
  };
  const pair = (one, other) => {
    const both = one.shapes.keys.map((_, i) => status(one, i) === "ok" && status(other, i) === "ok");
    const step = measure => {
      const values = column(measure.values), edges = thirds(values.filter((_, i) => both[i]));
      return i => edges.filter(edge => values[i] >= edge).length;
    };
    const first = step(one), second = step(other), cell = i => 3 * second(i) + first(i);
    const counts = Array.from({ length: 9 }, (_, c) => both.filter((known, i) => known && cell(i) === c).length);
    return {
      one: [one, other], shapes: one.shapes, title: words.both.replace("{first}", one.label).replace("{second}", other.label),
      told: words.together_told, square: counts,
      token: i => both[i] ? `pair-${cell(i)}` : "",
      status: i => status(one, i) !== "ok" ? status(one, i) : status(other, i),
      says: i => both[i] ? `${one.label}: ${words.steps[first(i)]}; ${other.label}: ${words.steps[second(i)]}` : "",
    };
  };
  const possible = () => state.other && state.other !== state.measure && state.measure.numeric && state.other.numeric && state.measure.places === state.other.places;
  const layers = () => {
    if (!state.other) return [layer(state.measure)];
    return state.together && possible() ? [pair(state.measure, state.other)] : [layer(state.measure), layer(state.other)];
  };

  // A sheet: caption, map, legend. Its map is drawn anew only when it shows another kind of place.
  const draw = (tag, attributes, parent) => {
    const made = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([key, content]) => made.setAttribute(key, content));
    return parent ? parent.appendChild(made) : made;
  };
  const hatches = (svg, prefix, size) => {
    const defs = draw("defs", {}, svg), ink = { class: "s-neutral", fill: "none" };
    EMPTY.forEach(kind => {
      const tile = draw("pattern", { id: `${prefix}-${kind}`, width: size, height: size, patternUnits: "userSpaceOnUse" }, defs);
      draw("rect", { width: size, height: size, class: "f-shade" }, tile);
      if (kind === "no_data") {
        tile.setAttribute("patternTransform", "rotate(45)");
        draw("path", { d: `M${size / 2} 0V${size}`, "stroke-width": size / 5, ...ink }, tile);
      } else if (kind === "not_applicable") draw("path", { d: `M0 ${size / 2}H${size / 2}`, "stroke-width": size / 8, ...ink }, tile);
      else if (kind === "suppressed") draw("circle", { cx: size / 2, cy: size / 2, r: size / 5, class: "f-neutral" }, tile);
      else draw("path", { d: `M0 0L${size} ${size}M${size} 0L0 ${size}`, "stroke-width": size / 6, ...ink }, tile);
    });
  };
  const letter = Math.max(told.width / 430, told.height / 760) * 13;
  const sheets = [];
  const sheet = at => {
    const figure = make("figure", "sheet"), caption = make("figcaption", ""), legend = make("div", "legend");
    figure.append(caption, legend);
    return sheets[at] = { at, figure, caption, legend, kind: "", svg: null, view: null, paths: [] };
  };
  const stand = (into, shapes) => {
    if (into.kind === shapes.kind) return;
    const svg = draw("svg", { viewBox: `0 0 ${told.width} ${told.height}`, class: "map-shapes", "font-size": letter, "stroke-linejoin": "round" });
    hatches(svg, `hatch${into.at}`, letter * 0.55);
    const body = draw("g", { class: "map-places s-paper", "stroke-width": 0.5 }, svg);
    into.paths = shapes.paths.map(d => draw("path", { d }, body));
    if (districts) {
      const lines = districts.paths.join("");
      draw("path", { d: lines, class: "map-outline casing" }, svg);
      draw("path", { d: lines, class: "map-outline" }, svg);
      const labels = draw("g", { class: "map-labels f-ink s-paper", "stroke-width": "0.28em", "paint-order": "stroke", "font-weight": 700, "text-anchor": "middle" }, svg);
      districts.labels.forEach(([x, y], i) => { draw("text", { x, y, "dominant-baseline": "central" }, labels).textContent = districts.short[i]; });
    }
    if (into.svg) into.svg.replaceWith(svg); else into.figure.insertBefore(svg, into.legend);
    Object.assign(into, { kind: shapes.kind, svg });
    into.view = Maps.view(svg, {
      shapes: into.paths, outline: i => shapes.paths[i], near: shapes.near,
      chosen: i => choose(into, i), moved: () => moved(into),
    });
    svg.setAttribute("aria-roledescription", words.role);
    svg.setAttribute("aria-describedby", "readout");
  };
  const inside = (shapes, i) => !state.area || (shapes === districts ? shapes.keys[i] : shapes.areas[i]) === state.area;
  const colour = (into, shown) => {
    into.paths.forEach((path, i) => {
      const token = shown.token(i), kind = shown.status(i), pale = inside(shown.shapes, i) ? "" : " pale";
      path.setAttribute("class", (token ? `f-${token}` : kind === "absent" ? "absent" : "hatched") + pale);
      if (!token && EMPTY.includes(kind)) path.setAttribute("fill", `url(#hatch${into.at}-${kind})`);
      else path.removeAttribute("fill");
    });
    into.svg.setAttribute("aria-label", words.map_of.replace("{measure}", shown.title));
    into.caption.replaceChildren(make("strong", "", shown.title), shown.told);
    into.legend.replaceChildren(...key(into, shown));
  };
  const key = (into, shown) => {
    const parts = [], empty = EMPTY.map(kind => [kind, shown.shapes.keys.filter((_, i) => !shown.token(i) && shown.status(i) === kind).length]);
    const missing = empty.filter(([, count]) => count).map(([kind, count]) => {
      const swatch = draw("svg", { class: "swatch", viewBox: "0 0 26 16", "aria-hidden": "true" });
      hatches(swatch, `key${into.at}-${kind}`, 7);
      draw("rect", { width: 26, height: 16, fill: `url(#key${into.at}-${kind}-${kind})` }, swatch);
      return [swatch, told.status[kind], count];
    });
    const noun = shown.shapes.plural, list = make("ul", "");
    if (shown.square) {
      const [one, other] = shown.one, grid = make("div", "square");
      grid.append(make("span", "axis up", `${other.label} ↑`));
      [2, 1, 0].forEach(row => {
        grid.append(make("span", "axis", words.steps[row]));
        [0, 1, 2].forEach(place => {
          const cell = make("span", "cell");
          cell.append(make("i", `b-pair-${3 * row + place}`), make("b", "", shown.square[3 * row + place].toLocaleString(lang)));
          grid.append(cell);
        });
      });
      grid.append(make("span", ""), ...words.steps.map(step => make("span", "axis", step)), make("span", "axis along", `${one.label} →`));
      parts.push(make("p", "counted", words.in_place.replace("{noun}", noun)), grid);
    } else {
      parts.push(make("p", "counted", words.legend.replace("{noun}", noun)));
      shown.legend.forEach(entry => {
        const swatch = make("span", `swatch b-${entry.token}`);
        list.append(line(swatch, entry.label, entry.count));
      });
    }
    missing.forEach(([swatch, label, count]) => list.append(line(swatch, label, count)));
    if (list.children.length) parts.push(list);
    return parts;
  };
  const line = (swatch, label, count) => {
    const made = make("li", "");
    made.append(swatch, label, make("b", "", count.toLocaleString(lang)));
    return made;
  };

  // The chosen place, in every sheet and in words
  const row = (shapes, place) => {
    const at = shapes.keys.indexOf(place);
    if (at >= 0 || !districts || shapes !== districts) return at;
    const owner = Object.keys(told.shapes).map(places).find(one => one.keys.includes(place));
    return owner ? districts.keys.indexOf(owner.areas[owner.keys.indexOf(place)]) : -1;
  };
  const readout = byId("readout");
  const say = () => {
    const owner = Object.keys(told.shapes).map(places).find(one => one.keys.includes(state.place));
    if (!owner) return readout.replaceChildren(words.hint);
    const i = owner.keys.indexOf(state.place), parts = [make("strong", "", owner.names[i])];
    const area = districts && owner !== districts ? districts.names[districts.keys.indexOf(owner.areas[i])] : "";
    const where = [owner.hoods[i], area].filter(Boolean).join(", ");
    if (where) parts.push(make("span", "", where));
    shown().forEach(each => each.one.forEach(one => {
      const at = row(one.shapes, state.place), text = make("span", "");
      if (at < 0) return;
      const ok = status(one, at) === "ok", within = span(one, at);
      text.append(shown().length > 1 || each.one.length > 1 ? `${one.label}: ` : "", ok ? make("b", "", value(one, at)) : value(one, at));
      if (ok && one.unit) text.append(one.unit);
      if (ok && within) text.append(` (${within})`);
      parts.push(text);
    }));
    shown().forEach(each => {
      const at = row(each.shapes, state.place);
      if (each.says && at >= 0 && each.says(at)) parts.push(make("span", "", each.says(at)));
      else if (shown().length === 1 && each.legend && each.one[0].numeric && at >= 0 && each.token(at))
        parts.push(make("span", "", words.class_is + each.legend.find(entry => entry.token === each.token(at)).label));
    });
    return readout.replaceChildren(...parts);
  };
  let current = [];
  const shown = () => current;
  const choose = (from, i) => {
    state.place = places(from.kind).keys[i];
    used().forEach(each => { if (each !== from) each.view.mark(row(places(each.kind), state.place)); });
    say();
    note();
  };
  const used = () => sheets.slice(0, current.length);

  // All sheets show the same part of the ground
  let following = false;
  const moved = from => {
    limits();
    if (following || !from.view) return;
    following = true;
    const view = from.view.shown();
    used().forEach(each => { if (each !== from && each.view) each.view.paint(view); });
    following = false;
    state.view = from.view.share() > .99 ? null : view;
    note();
  };
  const lead = () => sheets[0].view;
  const closer = button("+", words.closer, () => lead().closer()), farther = button("−", words.farther, () => lead().farther());
  const whole = button("↺", words.all_shown, () => lead().reset());
  const limits = () => {
    if (!sheets[0] || !sheets[0].view) return;
    farther.disabled = whole.disabled = lead().share() > .99;
    closer.disabled = lead().closest();
  };
  byId("zoom").append(closer, farther, whole);

  // A link that brings this view back
  let noting = 0;
  const link = () => {
    const parts = new URLSearchParams();
    parts.set("m", state.measure.id);
    if (state.other) { parts.set("c", state.other.id); if (state.together) parts.set("as", "one"); }
    if (state.area) parts.set("d", state.area);
    if (state.place) parts.set("p", state.place);
    if (state.view) parts.set("z", state.view.slice(0, 3).map(Math.round).join(","));
    return `#${parts}`;
  };
  const note = () => {
    clearTimeout(noting);
    noting = setTimeout(() => { if (location.hash !== link()) history.replaceState(null, "", link()); }, 250);
  };
  const restore = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    state.measure = find(parts.get("m")) || measures[0];
    state.other = find(parts.get("c")) || null;
    state.together = parts.get("as") === "one";
    state.area = districts && districts.keys.includes(parts.get("d")) ? parts.get("d") : "";
    state.place = parts.get("p") || "";
    const z = (parts.get("z") || "").split(",").map(Number);
    state.view = z.length === 3 && z.every(Number.isFinite) && z[2] > 0 ? [...z, z[2] * told.height / told.width] : null;
    show(true);
  };

  // Controls
  const selects = Object.fromEntries(["measure", "period", "compare", "compared", "shown", "district"].map(id => [id, byId(id)]));
  const listed = (select, first) => {
    if (first !== null) select.append(new Option(first, ""));
    const groups = new Map();
    families.forEach((each, i) => {
      if (!groups.has(each.number)) {
        const group = make("optgroup", "");
        group.label = `${each.number} ${each.paper}`;
        groups.set(each.number, group);
        select.append(group);
      }
      groups.get(each.number).append(new Option(each.label, String(i)));
    });
  };
  listed(selects.measure, null);
  listed(selects.compare, words.nothing);
  selects.shown.append(new Option(words.beside, ""), new Option(words.together, "one"));
  selects.district.append(new Option(words.whole, ""), ...(districts ? districts.names.map((name, i) => new Option(name, districts.keys[i])) : []));
  // Of a measure at several times the one is taken that was shown last, else the latest to be published
  const member = (each, near) => each.members.find(one => near && one.period === near.period) || each.members[each.members.length - 1];
  selects.measure.addEventListener("change", () => { state.measure = member(families[Number(selects.measure.value)], state.measure); show(); });
  selects.period.addEventListener("change", () => { state.measure = find(selects.period.value); show(); });
  selects.compare.addEventListener("change", () => {
    state.other = selects.compare.value === "" ? null : member(families[Number(selects.compare.value)], state.other || state.measure);
    if (state.other === state.measure) state.other = family(state.measure).members.find(one => one !== state.measure) || state.other;
    show();
  });
  selects.compared.addEventListener("change", () => { state.other = find(selects.compared.value); show(); });
  selects.shown.addEventListener("change", () => { state.together = selects.shown.value === "one"; show(); });
  selects.district.addEventListener("change", () => { state.area = selects.district.value; show(); frame(); });
  const periods = (select, one) => {
    const several = one ? family(one).members : [];
    select.replaceChildren(...several.map(each => new Option(each.period, each.id)));
    if (one) select.value = one.id;
    byId(`${select.id}-choice`).hidden = several.length < 2;
  };
  const settle = () => {
    selects.measure.value = String(families.indexOf(family(state.measure)));
    selects.compare.value = state.other ? String(families.indexOf(family(state.other))) : "";
    periods(selects.period, state.measure);
    periods(selects.compared, state.other);
    byId("shown-choice").hidden = !state.other;
    selects.shown.value = state.together ? "one" : "";
    selects.district.value = state.area;
    byId("refused").textContent = state.other && state.together && !possible() ? words.cannot_together : "";
  };
  const frame = () => {
    if (!state.area) return lead().reset();
    const shape = draw("path", { d: districts.paths[districts.keys.indexOf(state.area)] }, sheets[0].svg), box = shape.getBBox();
    shape.remove();
    return lead().frame([box.x, box.y, box.width, box.height]);
  };

  // A place by its name: neighborhoods, districts, and the places themselves
  const finder = () => {
    const own = state.measure.shapes, all = [], act = [];
    const add = (name, then) => { all.push(name); act.push(then); };
    Array.from(new Set(own.hoods.filter(Boolean))).sort((a, b) => a.localeCompare(b, lang)).forEach(hood =>
      add(hood, () => lead().gather(own.hoods.flatMap((other, i) => other === hood ? [i] : []))));
    if (districts) districts.names.forEach((name, i) => add(name, () => { state.area = districts.keys[i]; show(); frame(); }));
    if (own !== districts) own.names.forEach((name, i) => add(name, () => lead().gather([i])));
    byId("find").replaceChildren(Maps.finder("find-place", all, words, i => i < 0 ? readout.replaceChildren(words.not_found) : act[i]()));
  };

  // About each measure, the district's profile, the table and its files
  const facts = one => {
    const box = make("div", "about"), list = make("dl", ""), back = make("a", "", `${words.place.replace("{number}", one.number).replace("{where}", one.where)}: ${one.paper}`);
    back.href = one.href;
    const grade = one.grade ? make("span", `grade grade-${one.grade.toLowerCase()}`, one.grade) : null;
    const rows = [
      [words.published, [back]], [words.period, [one.period]], [words.of, [one.denominator]], [words.uncertainty, [one.uncertainty]],
      [words.direction, [one.direction]], [words.borders.replace("{vintage}", "").trim(), [one.vintage]],
      [words.quality, grade ? [grade, ` ${one.grade_reason}`] : [""]], [words.data, datasets(one)],
    ];
    rows.filter(([, told_of]) => told_of[0]).forEach(([term, told_of]) => {
      const pair_of = make("div", "");
      const said = make("dd", "");
      said.append(...told_of);
      pair_of.append(make("dt", "", term), said);
      list.append(pair_of);
    });
    box.append(make("h3", "", named(one)), list);
    return box;
  };
  const datasets = one => {
    if (one.datasets.length < 4) return [one.datasets.join("; ")];
    const box = make("details", ""), list = make("ul", "");
    list.append(...one.datasets.map(title => make("li", "", title)));
    box.append(make("summary", "", words.datasets.replace("{n}", one.datasets.length)), list);
    return [box];
  };
  const strips = (details, area) => {
    const box = details.querySelector(".inside");
    if (box.children.length) return;
    const own = measures.filter(one => one.shapes !== districts && one.shapes.areas.some(Boolean)), bars = make("div", "bars");
    own.forEach(one => {
      const classes = column(one.place), mine = one.shapes.areas.map(each => each === area);
      const count = (c, all) => classes.filter((place, i) => place === c && status(one, i) === "ok" && (all || mine[i])).length;
      const total = one.classes.reduce((sum, _, c) => sum + count(c, false), 0), strip = make("div", "strip");
      const texts = one.classes.map(([token, label], c) => {
        const here = count(c, false), part = make("span", `b-${token}`);
        part.style.width = `${total ? 100 * here / total : 0}%`;
        strip.append(part);
        return `${label}: ${here} / ${count(c, true)}`;
      });
      strip.setAttribute("aria-hidden", "true");
      bars.append(make("p", "", `${named(one)}, ${one.period}`), strip, make("p", "fine", texts.join("; ")));
    });
    if (!own.length) return;
    const noun = own[0].shapes.plural;
    box.append(make("h3", "", words.in_tracts.replace("{noun}", noun)), make("p", "fine", words.in_tracts_told.replace("{noun}", noun)), bars);
  };
  const profiles = Array.from(document.querySelectorAll(".profile"));
  profiles.forEach(details => details.addEventListener("toggle", () => { if (details.open) strips(details, details.dataset.area); }));

  const one_each = () => current.flatMap(each => each.one);
  const base = () => current[0].shapes;
  const rows = () => base().keys.map((_, i) => i).filter(i => inside(base(), i) && one_each().some(one => {
    const at = row(one.shapes, base().keys[i]);
    return at >= 0 && status(one, at) !== "absent";
  }));
  const area_name = i => base() === districts ? "" : districts ? districts.names[districts.keys.indexOf(base().areas[i])] || "" : "";
  const table = () => {
    const made = make("table", "plain"), head = made.createTHead().insertRow(), list = one_each();
    const heading = (text, numeric) => { const cell = make("th", numeric ? "number" : "", text); cell.scope = "col"; head.append(cell); };
    heading(words.place_name);
    const extra = [["hoods", i => base().hoods[i]], ["areas", area_name]].filter(([, of]) => rows().some(i => of(i)));
    extra.forEach(([name]) => heading(name === "areas" ? words.district : words.neighborhood));
    list.forEach(one => { heading(`${named(one)}, ${one.period}`, one.numeric); if (one.low >= 0) heading(one.uncertainty); });
    const body = made.createTBody();
    rows().forEach(i => {
      const line_of = body.insertRow(), name = make("th", "", base().names[i]);
      name.scope = "row";
      line_of.append(name, ...extra.map(([, of]) => make("td", "", of(i))));
      list.forEach(one => {
        const at = row(one.shapes, base().keys[i]);
        line_of.append(make("td", one.numeric ? "number" : "", at < 0 ? "" : value(one, at)));
        if (one.low >= 0) line_of.append(make("td", "", at < 0 ? "" : span(one, at)));
      });
    });
    byId("twin").replaceChildren(made);
    byId("table-told").textContent = `${list.map(one => `${one.label}, ${one.period}`).join("; ")}. ${words.shown_rows.replace("{n}", rows().length.toLocaleString(lang))}.`;
  };
  const record = i => {
    const found = { key: base().keys[i], name: base().names[i] };
    if (base().hoods[i]) found.neighborhood = base().hoods[i];
    if (base() !== districts && districts) found.district = area_name(i);
    one_each().forEach(one => {
      const at = row(one.shapes, base().keys[i]), name = `${one.label}, ${one.period}${one.unit ? `, ${one.unit}` : one.format.after === "%" ? ", percent" : ""}`;
      const ok = at >= 0 && status(one, at) === "ok";
      found[name] = !ok ? null : one.numeric ? column(one.values)[at] : value(one, at);
      if (one.low >= 0) { found[`${name}, low`] = ok ? column(one.low)[at] : null; found[`${name}, high`] = ok ? column(one.high)[at] : null; }
      found[`${name}, status`] = at < 0 ? "absent" : status(one, at);
    });
    return found;
  };
  const file = ending => `map_${one_each().map(one => one.id.replaceAll(".", "_")).join("_")}${state.area ? `_${state.area}` : ""}.${ending}`;
  byId("csv").addEventListener("click", () => {
    const records = rows().map(record);
    Data.save(file("csv"), Data.csv(Object.keys(records[0] || {}), records.map(Object.values)), "text/csv");
  });
  byId("geojson").addEventListener("click", () => {
    const features = rows().map(i => ({ type: "Feature", properties: record(i), geometry: Ground.geometry(base().paths[i], told) }));
    const about = one_each().map(one => ({ id: one.id, measure: one.label, unit: one.unit, period: one.period, uncertainty: one.uncertainty, published: `${one.paper}, ${one.where}`, borders: one.vintage, quality: one.grade, data: one.datasets }));
    Data.save(file("geojson"), JSON.stringify({ type: "FeatureCollection", note: words.simplified, measures: about, features }), "application/geo+json");
  });

  // Showing what the state says
  const stage = byId("sheets");
  const show = restoring => {
    settle();
    current = layers();
    current.forEach((each, at) => {
      const into = sheets[at] || sheet(at);
      stand(into, each.shapes);
      colour(into, each);
      into.view.mark(row(each.shapes, state.place));
    });
    stage.className = current.length > 1 ? "sheets two" : "sheets";
    stage.replaceChildren(...used().map(each => each.figure));
    byId("about").replaceChildren(...one_each().map(facts));
    byId("about").className = one_each().length > 1 ? "abouts two" : "abouts";
    profiles.forEach(details => { details.hidden = Boolean(state.area) && details.dataset.area !== state.area; if (state.area === details.dataset.area) details.open = true; });
    finder();
    table();
    say();
    if (restoring && state.view) lead().paint(state.view);
    else if (restoring && state.area) frame();
    else used().forEach(each => each.view.paint(state.view || each.view.whole.slice()));
    limits();
    note();
  };
  const announcer = document.querySelector(".announcer");
  byId("copy").addEventListener("click", () => {
    const address = location.href.split("#")[0] + link();
    const done = () => { announcer.textContent = words.link_copied; setTimeout(() => { announcer.textContent = ""; }, 2500); };
    if (navigator.clipboard) navigator.clipboard.writeText(address).then(done, () => prompt(words.link_by_hand, address));
    else prompt(words.link_by_hand, address);
  });
  byId("no-script").hidden = true;
  byId("app").hidden = byId("csv").hidden = byId("geojson").hidden = false;
  addEventListener("hashchange", () => { if (location.hash !== link()) restore(); });
  restore();
})();

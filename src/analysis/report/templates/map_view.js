// What every drawn map can do: show a part of itself, be walked from place to place, find a place by its name.
const Maps = (() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const CLOSEST = 14, STEP = 1.8;
  const within = (value, least, most) => Math.min(Math.max(value, least), most);
  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const button = (sign, title, act) => {
    const made = make("button", "", sign);
    made.type = "button"; made.title = title;
    made.setAttribute("aria-label", title);
    made.addEventListener("click", act);
    return made;
  };

  // shapes: the elements by row; outline(i): path data of one; near: rows that touch each row; chosen(i) is told of
  // every choice, moved() of every new view; close() and far() say that there is no closer or farther.
  const view = (svg, { shapes, outline, near, chosen, moved = () => {} }) => {
    const order = new Map(shapes.map((shape, i) => [shape, i]));
    const at = event => order.get(event.target.closest(".map-places path, .map-places use"));
    const middles = [];
    const middle = i => middles[i] || (b => middles[i] = [b.x + b.width / 2, b.y + b.height / 2])(shapes[i].getBBox());

    // The chosen place wears a rim
    const rims = ["map-under", "map-here"].map(className => {
      const rim = document.createElementNS(SVG, "path");
      rim.setAttribute("class", className);
      return svg.appendChild(rim);
    });
    let here = -1;
    const mark = i => {
      here = i;
      rims.forEach(rim => i < 0 ? rim.removeAttribute("d") : rim.setAttribute("d", outline(i)));
    };
    const choose = i => {
      if (i === undefined || i < 0 || i === here) return;
      mark(i);
      chosen(i);
    };

    // What part of the map is shown
    const whole = svg.getAttribute("viewBox").split(" ").map(Number);
    const labels = svg.querySelector(".map-labels"), scale = svg.querySelector(".map-scale");
    const hatches = Array.from(svg.querySelectorAll("pattern"), tile => [tile, tile.getAttribute("patternTransform") || ""]);
    let shown = whole.slice(), running = 0;
    const share = () => shown[2] / whole[2];
    const paint = next => {
      shown = next;
      svg.setAttribute("viewBox", shown.map(v => Math.round(v * 100) / 100).join(" "));
      const part = share();
      if (labels) labels.style.fontSize = part === 1 ? "" : `${Math.max(part * 1.1, .05)}em`;
      hatches.forEach(([tile, turn]) => tile.setAttribute("patternTransform", `${turn} scale(${part})`));
      if (scale) scale.style.visibility = part > .99 ? "" : "hidden";
      svg.style.touchAction = part > .99 ? "" : "none";
      moved();
    };
    const cut = (x, y, width) => {
      const w = within(width, whole[2] / CLOSEST, whole[2]), h = w * whole[3] / whole[2];
      return [within(x - w / 2, 0, whole[2] - w), within(y - h / 2, 0, whole[3] - h), w, h];
    };
    const show = (x, y, width, at_once = false) => {
      const next = cut(x, y, width), from = shown.slice(), start = performance.now();
      cancelAnimationFrame(running);
      if (calm.matches || at_once) return paint(next);
      const step = now => {
        const t = within((now - start) / 220, 0, 1), ease = t * (2 - t);
        paint(t === 1 ? next : from.map((v, i) => v + (next[i] - v) * ease));
        if (t < 1) running = requestAnimationFrame(step);
      };
      running = requestAnimationFrame(step);
    };
    const centre = () => here < 0 ? [shown[0] + shown[2] / 2, shown[1] + shown[3] / 2] : middle(here);
    const enlarge = (factor, [x, y] = centre()) => show(x, y, shown[2] / factor);
    const reset = () => show(whole[2] / 2, whole[3] / 2, whole[2]);
    const frame = ([x, y, w, h]) => show(x + w / 2, y + h / 2, 1.12 * Math.max(w, h * whole[2] / whole[3]));
    const reveal = (i, width = shown[2]) => {
      const [x, y] = middle(i), edge = shown[2] * .06, [left, top, w, h] = shown;
      const seen = x > left + edge && x < left + w - edge && y > top + edge && y < top + h - edge;
      if (!seen || width < shown[2]) show(x, y, Math.min(width, shown[2]));
    };

    // Several places together: the one in their midst is chosen, all of them are shown
    const gather = rows => {
      const ends = rows.map(i => shapes[i].getBBox()).map(b => [b.x, b.y, b.x + b.width, b.y + b.height]);
      const [left, top] = [0, 1].map(k => Math.min(...ends.map(end => end[k])));
      const [right, bottom] = [2, 3].map(k => Math.max(...ends.map(end => end[k])));
      const off = i => Math.hypot(middle(i)[0] - (left + right) / 2, middle(i)[1] - (top + bottom) / 2);
      choose(rows.reduce((found, i) => off(i) < off(found) ? i : found, rows[0]));
      const width = Math.max(right - left, (bottom - top) * whole[2] / whole[3]);
      show((left + right) / 2, (top + bottom) / 2, Math.max(1.5 * width, whole[2] / 4));
    };

    // Pointer and touch: one finger or the mouse moves an enlarged map, two fingers enlarge it further
    svg.addEventListener("pointerover", event => { if (event.pointerType === "mouse" && !event.buttons) choose(at(event)); });
    svg.addEventListener("click", event => choose(at(event)));
    svg.addEventListener("dblclick", event => { if (at(event) !== undefined) enlarge(2.2); });
    const fingers = new Map();
    let grip = null;
    const spread = () => { const [a, b] = fingers.values(); return Math.hypot(a[0] - b[0], a[1] - b[1]); };
    const hold = () => {
      const points = Array.from(fingers.values());
      grip = points.length ? { view: shown.slice(), x: points[0][0], y: points[0][1], spread: points.length > 1 ? spread() : 0 } : null;
    };
    svg.addEventListener("pointerdown", event => {
      if (share() > .99) return;
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      hold();
    });
    svg.addEventListener("pointermove", event => {
      if (!grip || !fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      const [x, y, w, h] = grip.view, unit = w / svg.getBoundingClientRect().width;
      cancelAnimationFrame(running);
      if (grip.spread) return paint(cut(x + w / 2, y + h / 2, w * grip.spread / Math.max(spread(), 1)));
      return paint(cut(x + w / 2 - (event.clientX - grip.x) * unit, y + h / 2 - (event.clientY - grip.y) * unit, w));
    });
    const release = event => { if (fingers.delete(event.pointerId)) hold(); };
    addEventListener("pointerup", release);
    addEventListener("pointercancel", release);
    svg.addEventListener("wheel", event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      enlarge(event.deltaY < 0 ? 1.25 : .8);
    }, { passive: false });

    // Keyboard: an arrow goes to the neighbour that lies most that way, or across a gap to the nearest place there
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    const best = (from, [dx, dy], candidates, narrowest) => {
      const [x, y] = middle(from);
      const found = candidates.reduce((nearest, i) => {
        const [a, b] = [middle(i)[0] - x, middle(i)[1] - y], far = Math.hypot(a, b), cosine = (a * dx + b * dy) / (far || 1);
        if (i === from || cosine < narrowest) return nearest;
        const cost = far / (cosine * cosine);
        return !nearest || cost < nearest[1] ? [i, cost] : nearest;
      }, null);
      return found && found[0];
    };
    const all = shapes.map((_, i) => i);
    const towards = (from, way) => [best(from, way, near[from], .5), best(from, way, all, .6), from].find(i => i !== null);
    const inmost = () => {
      const off = i => Math.hypot(middle(i)[0] - shown[0] - shown[2] / 2, middle(i)[1] - shown[1] - shown[3] / 2);
      return all.reduce((found, i) => off(i) < off(found) ? i : found, 0);
    };
    svg.addEventListener("keydown", event => {
      const way = ways[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (way) { choose(here < 0 ? inmost() : towards(here, way)); reveal(here); }
      else if (event.key === "+" || event.key === "=") enlarge(STEP);
      else if (event.key === "-") enlarge(1 / STEP);
      else if (event.key === "0" || event.key === "Escape") reset();
      else return;
      event.preventDefault();
    });
    svg.setAttribute("role", "application");
    svg.tabIndex = 0;
    return {
      choose, mark, reveal, gather, frame, reset, show, enlarge, whole, share, middle, at,
      place: () => here, shown: () => shown.slice(), paint,
      closer: () => enlarge(STEP), farther: () => enlarge(1 / STEP), closest: () => share() < 1.2 / CLOSEST,
    };
  };

  // A field that finds one of many names: as picked from its list, or the likeliest on Enter; found(-1) where none is
  const plain = text => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();
  const likeliest = (names, typed) => {
    const asked = plain(typed), plains = names.map(plain), words = asked.split(/\s+/);
    if (!asked) return -1;
    const tests = [name => name === asked, name => name.startsWith(asked), name => words.every(word => name.includes(word))];
    return tests.map(test => plains.findIndex(test)).find(i => i >= 0) ?? -1;
  };
  const finder = (id, names, words, found) => {
    const box = make("p", "map-find"), label = make("label", "", words.find), field = make("input", ""), list = make("datalist", "");
    field.id = id; field.type = "search"; field.autocomplete = "off"; list.id = `${id}-names`;
    label.htmlFor = id;
    field.setAttribute("list", list.id);
    // Names are many: they are listed when somebody comes to type
    field.addEventListener("focus", () => list.append(...names.map(name => new Option(name, name))), { once: true });
    field.addEventListener("input", event => {
      const i = names.indexOf(field.value);
      if (i >= 0 && (!event.inputType || event.inputType === "insertReplacementText")) found(i);
    });
    field.addEventListener("keydown", event => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const i = likeliest(names, field.value);
      if (i >= 0) field.value = names[i];
      found(i);
    });
    box.append(label, field, list);
    return box;
  };
  return { view, finder, likeliest, make, button, SVG };
})();

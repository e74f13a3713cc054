// Maps that can be questioned: pointer, touch and keyboard read one place at a time; buttons and a list enlarge.
// Without this script a map is a picture with its legend and its table.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const parse = id => JSON.parse(document.getElementById(id).textContent);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  document.querySelectorAll(".drawing[data-map]").forEach(box => {
    const name = box.dataset.map, svg = box.querySelector(".map-shapes"), legend = box.querySelector(".map-legend");
    if (!svg || !document.getElementById(`map-${name}`)) return;
    const told = parse(`map-${name}`), data = parse(`data-${name}`), words = told.words;

    // Places in the order of the table; both halves of every neighbourhood
    const shapes = new Map(Array.from(svg.querySelectorAll("[data-key]"), path => [path.dataset.key, path]));
    const paths = data.rows.map(row => shapes.get(String(row[0])));
    const order = new Map(paths.map((path, i) => [path, i]));
    const near = data.rows.map(() => []);
    told.near.forEach((later, i) => later.forEach(j => { near[i].push(j); near[j].push(i); }));
    const middles = [];
    const middle = i => middles[i] || (b => middles[i] = [b.x + b.width / 2, b.y + b.height / 2])(paths[i].getBBox());

    // What is said of a place
    const column = title => data.columns.indexOf(title);
    const value = column("status") - 1 - (column("low") < 0 ? 0 : 2);
    const format = told.format, plain = Object.keys(format).length === 0;
    const number = v => {
      const text = Math.abs(v).toLocaleString(document.documentElement.lang || "en", {
        minimumFractionDigits: format.decimals, maximumFractionDigits: format.decimals });
      return (v < 0 ? "−" : format.plus && v > 0 ? "+" : "") + format.before + text + format.after;
    };
    const readout = make("p", "map-readout", words.hint);
    readout.id = `readout-${name}`;
    readout.setAttribute("role", "status");
    const say = i => {
      const row = data.rows[i], status = row[column("status")], parts = [];
      const title = column("name") < 0 ? row[0] : row[column("name")];
      const where = column("area") < 0 ? null : row[column("area")];
      parts.push(make("strong", "", title), ...(where ? [make("span", "", where)] : []));
      if (status !== "ok") parts.push(make("span", "", told.status[status]));
      else {
        const line = make("span", "");
        line.append(make("b", "", plain ? row[value] : number(row[value])));
        const low = row[column("low")], high = row[column("high")];
        if (column("low") >= 0 && low !== null && high !== null)
          line.append(words.interval + number(low) + words.range + number(high));
        parts.push(line);
        if (!plain) parts.push(make("span", "", words.class + told.classes[told.place[i]]));
      }
      readout.replaceChildren(...parts);
    };

    // The chosen place
    const rims = ["map-under", "map-here"].map(className => {
      const rim = document.createElementNS(SVG, "path");
      rim.setAttribute("class", className);
      return svg.appendChild(rim);
    });
    let here = -1;
    const choose = i => {
      if (i === here || i === undefined || i < 0) return;
      here = i;
      rims.forEach(rim => rim.setAttribute("d", paths[i].getAttribute("d")));
      say(i);
    };
    const at = event => order.get(event.target.closest("[data-key]"));

    // The view: what part of the map is shown
    const whole = svg.getAttribute("viewBox").split(" ").map(Number), labels = svg.querySelector(".map-labels");
    const scale = svg.querySelector(".map-scale");
    const hatches = Array.from(svg.querySelectorAll("pattern"), tile => [tile, tile.getAttribute("patternTransform") || ""]);
    let view = whole.slice(), running = 0;
    const paint = next => {
      view = next;
      svg.setAttribute("viewBox", view.map(v => Math.round(v * 100) / 100).join(" "));
      const share = view[2] / whole[2];
      if (labels) labels.style.fontSize = share === 1 ? "" : `${Math.max(share * 1.1, .05)}em`;
      hatches.forEach(([tile, turn]) => tile.setAttribute("patternTransform", `${turn} scale(${share})`));
      if (scale) scale.style.visibility = share > .99 ? "" : "hidden";
      svg.style.touchAction = share > .99 ? "" : "none";
      out.disabled = all.disabled = share > .99;
      near_end.disabled = share < 1 / 12;
    };
    const show = (x, y, width) => {
      const w = Math.min(Math.max(width, whole[2] / 14), whole[2]), h = w * whole[3] / whole[2];
      const inside = (v, size, full) => Math.min(Math.max(v - size / 2, 0), full - size);
      const next = [inside(x, w, whole[2]), inside(y, h, whole[3]), w, h], from = view.slice(), start = performance.now();
      cancelAnimationFrame(running);
      if (calm.matches) return paint(next);
      const step = now => {
        const t = Math.min(Math.max((now - start) / 220, 0), 1), ease = t * (2 - t);
        paint(t === 1 ? next : from.map((v, i) => v + (next[i] - v) * ease));
        if (t < 1) running = requestAnimationFrame(step);
      };
      running = requestAnimationFrame(step);
    };
    const centre = () => here < 0 ? [view[0] + view[2] / 2, view[1] + view[3] / 2] : middle(here);
    const enlarge = factor => { const [x, y] = centre(); show(x, y, view[2] / factor); list.value = ""; };
    const reset = () => { show(whole[2] / 2, whole[3] / 2, whole[2]); list.value = ""; };
    const reveal = i => {
      const [x, y] = middle(i), edge = view[2] * .06;
      if (x < view[0] + edge || x > view[0] + view[2] - edge || y < view[1] + edge || y > view[1] + view[3] - edge) show(x, y, view[2]);
    };

    // Controls
    const controls = make("div", "map-controls");
    const button = (sign, title, act) => {
      const made = make("button", "", sign);
      made.type = "button"; made.title = title;
      made.setAttribute("aria-label", title);
      made.addEventListener("click", act);
      return made;
    };
    const list = make("select", "");
    list.setAttribute("aria-label", words.choose);
    list.append(new Option(words.all, ""), ...told.areas.map((area, i) => new Option(area.name, String(i))));
    list.addEventListener("change", () => {
      const area = told.areas[Number(list.value)];
      if (list.value === "" || !area) return reset();
      const [x, y, w, h] = area.box;
      return show(x + w / 2, y + h / 2, 1.12 * Math.max(w, h * whole[2] / whole[3]));
    });
    const near_end = button("+", words.closer, () => enlarge(1.8));
    const out = button("−", words.farther, () => enlarge(1 / 1.8)), all = button("↺", words.all, reset);
    out.disabled = all.disabled = true;
    controls.append(told.areas.length > 1 ? list : all, near_end, out);
    const side = make("div", "map-side");
    side.append(controls, readout);
    if (legend) side.append(legend);
    box.append(side);

    // Pointer and touch
    svg.addEventListener("pointerover", event => { if (event.pointerType === "mouse") choose(at(event)); });
    svg.addEventListener("click", event => choose(at(event)));
    svg.addEventListener("dblclick", event => { if (at(event) !== undefined) enlarge(2.2); });
    let grip = null;
    svg.addEventListener("pointerdown", event => { if (view[2] < whole[2]) grip = [event.clientX, event.clientY, view.slice()]; });
    svg.addEventListener("pointermove", event => {
      if (!grip || !event.buttons) return;
      const unit = grip[2][2] / svg.getBoundingClientRect().width;
      const [x, y] = [grip[2][0] - (event.clientX - grip[0]) * unit, grip[2][1] - (event.clientY - grip[1]) * unit];
      cancelAnimationFrame(running);
      paint([Math.min(Math.max(x, 0), whole[2] - view[2]), Math.min(Math.max(y, 0), whole[3] - view[3]), view[2], view[3]]);
    });
    addEventListener("pointerup", () => { grip = null; });
    svg.addEventListener("wheel", event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      enlarge(event.deltaY < 0 ? 1.25 : .8);
    }, { passive: false });

    // Keyboard: an arrow goes to the neighbour that lies most that way, or across a gap to the nearest place there
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    const towards = (from, [dx, dy]) => {
      const [x, y] = middle(from);
      const best = (candidates, narrowest) => candidates.reduce((found, i) => {
        const [a, b] = [middle(i)[0] - x, middle(i)[1] - y], far = Math.hypot(a, b), cosine = (a * dx + b * dy) / (far || 1);
        if (i === from || cosine < narrowest) return found;
        const cost = far / (cosine * cosine);
        return !found || cost < found[1] ? [i, cost] : found;
      }, null);
      const found = best(near[from], .5) || best(paths.map((_, i) => i), .6);
      return found ? found[0] : from;
    };
    svg.setAttribute("role", "application");
    svg.setAttribute("aria-roledescription", words.role);
    svg.setAttribute("aria-describedby", readout.id);
    svg.tabIndex = 0;
    svg.addEventListener("keydown", event => {
      const way = ways[event.key];
      if (way) choose(here < 0 ? paths.reduce((found, _, i) => {
        const off = j => Math.hypot(middle(j)[0] - view[0] - view[2] / 2, middle(j)[1] - view[1] - view[3] / 2);
        return off(i) < off(found) ? i : found;
      }, 0) : towards(here, way));
      else if (event.key === "+" || event.key === "=") enlarge(1.8);
      else if (event.key === "-") enlarge(1 / 1.8);
      else if (event.key === "0" || event.key === "Escape") reset();
      else return;
      if (way) reveal(here);
      event.preventDefault();
    });
  });
})();

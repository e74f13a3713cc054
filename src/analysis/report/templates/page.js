// The page works without this script; it places cards, sorts tables, follows the contents and offers downloads.
(() => {
  "use strict";
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const root = document.documentElement, words = JSON.parse(document.getElementById("words").textContent);

  // Light and dark
  const toggle = document.getElementById("theme");
  if (toggle) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    const show = () => { toggle.textContent = dark() ? words.light : words.dark; };
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("angeleno-theme", root.dataset.theme); } catch (refused) { /* remembers nothing then */ }
      show();
    });
    system.addEventListener("change", show);
    show();
  }

  // The other language opens at the heading or figure where the reader last stayed
  let stayed = "", pause = 0;
  const stay = () => {
    const passed = all("main h2[id], main h3[id], main figure[id]").filter(place => place.getBoundingClientRect().top < innerHeight * 0.4);
    if (scrollY > innerHeight * 0.4 && passed.length) stayed = passed[passed.length - 1].id;
  };
  addEventListener("scroll", () => { clearTimeout(pause); pause = setTimeout(stay, 500); }, { passive: true });
  all(".languages a").forEach(link => link.addEventListener("click", () => { link.hash = stayed; }));

  // Cards: beside the number on wide pages, at the foot of narrow ones
  let asked = null;
  document.addEventListener("click", event => { asked = event.target.closest("[popovertarget]") || asked; }, true);
  all("[data-card]").forEach(words => {
    const open = () => { asked = words; document.getElementById(words.dataset.card).togglePopover(); };
    words.addEventListener("click", open);
    words.addEventListener("keydown", event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
    });
  });
  // What many cards share stands once on the page and is put into a card when it first opens
  const held = id => document.getElementById(id).content.cloneNode(true);
  const fill = card => {
    if (!card.dataset.of) return;
    all("a[href^='#method-']", card).forEach(link => {
      const method = document.getElementById(link.hash.slice(1)).cloneNode(true);
      link.replaceWith(...method.childNodes);
    });
    all(".evidence", card).forEach(row => {
      const id = `evidence-${card.dataset.of}`, rows = held(id), known = held("datasets");
      const named = document.getElementById(id).dataset.datasets.split(" ");
      rows.querySelector("ul").append(...named.map(name => known.querySelector(`[href="#dataset-${name}"]`).parentNode));
      row.replaceWith(rows);
    });
    const citing = held("citing"), citation = cited(card);
    citing.querySelector("button").addEventListener("click", () => copied(citation).then(
      () => announce(words.copied), () => { prompt(words.copy_by_hand, citation); }));
    card.querySelector("dl").before(citing);
    delete card.dataset.of;
  };
  const place = card => {
    if (!asked || innerWidth < 640) { delete card.dataset.placed; return; }
    card.dataset.placed = "";
    const at = asked.getBoundingClientRect(), size = card.getBoundingClientRect(), room = 8;
    const below = at.bottom + room + size.height <= innerHeight || at.top < size.height + room;
    const left = Math.max(12, Math.min(at.left, root.clientWidth - size.width - 12));
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${(below ? at.bottom + room : at.top - room - size.height) + scrollY}px`;
  };
  all(".card").forEach(card => {
    card.addEventListener("beforetoggle", () => fill(card));
    card.addEventListener("toggle", event => { if (event.newState === "open") place(card); });
  });

  // Saying what happened
  const announcer = document.querySelector(".announcer");
  let silence = 0;
  const announce = text => {
    announcer.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { announcer.textContent = ""; }, 2500);
  };

  // Copying a citation
  const copied = text => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    return Promise.reject(new Error("no clipboard"));
  };
  const cited = card => {
    const { parts, data, code } = Data.json("findings").citation;
    const [value, range] = ["value", "uncertainty"].map(part => card.querySelector(`.${part}`));
    const told = (value.textContent + (range ? ` (${range.textContent})` : "")).replaceAll("\u00a0", " ");
    const name = card.id.slice("finding-".length);
    return [parts[0] + name + parts[1] + told, data[card.dataset.of], code].filter(Boolean).join(". ") + ".";
  };

  // Downloads made from what the page carries
  const page = () => (Data.json("findings") || { report: "angeleno" }).report;
  all("[data-csv]").forEach(button => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const data = Data.read(button.dataset.csv);
      Data.save(`${page()}_${button.dataset.csv}.csv`, data.csv || Data.csv(data.columns, data.rows), "text/csv");
    });
  });
  const columns = ["name", "text", "value", "unit", "status", "interval_low", "interval_high", "level", "interval_is", "no_interval", "n", "denominator", "area", "period", "method"];
  all("[data-findings]").forEach(button => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const findings = Data.findings();
      if (button.dataset.findings === "json") return Data.save(`${page()}_findings.json`, JSON.stringify(findings, null, 1), "application/json");
      const rows = findings.findings.map(f => columns.map(c =>
        c === "interval_low" ? f.interval && f.interval[0] : c === "interval_high" ? f.interval && f.interval[1] : f[c]));
      return Data.save(`${page()}_findings.csv`, Data.csv(columns, rows), "text/csv");
    });
  });

  // Long data tables are laid out when they are opened
  all("details[data-rows]").forEach(details => details.addEventListener("toggle", () => {
    const waiting = details.querySelector(".waiting");
    if (!details.open || !waiting) return;
    const data = Data.read(details.dataset.rows), table = document.createElement("table");
    const row = (into, cells, tag) => {
      const made = into.insertRow();
      cells.forEach(value => {
        const cell = document.createElement(tag);
        if (tag === "th") cell.scope = "col";
        if (typeof value === "number") cell.className = "number";
        cell.textContent = value === null ? "–" : typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
        made.append(cell);
      });
    };
    table.className = "plain";
    row(table.createTHead(), data.columns, "th");
    const body = table.createTBody();
    data.rows.forEach(cells => row(body, cells, "td"));
    waiting.replaceWith(table);
  }));

  // Sorting; totals stay at the end, empty cells after the others
  all("table.sortable").forEach(table => all("thead .sort", table).forEach(label => {
    const head = label.closest("th"), button = document.createElement("button");
    button.type = "button"; button.className = "sort"; button.textContent = label.textContent;
    label.replaceWith(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending", at = head.cellIndex, body = table.tBodies[0];
      all("thead th", table).forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = row => row.cells[at].dataset.sort;
      const order = (a, b) => {
        const x = key(a), y = key(b);
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
        const numbers = x.trim() !== "" && y.trim() !== "" && !isNaN(x) && !isNaN(y);
        return (numbers ? x - y : x.localeCompare(y, root.lang)) * (up ? 1 : -1);
      };
      const rows = Array.from(body.rows), last = rows.filter(row => row.classList.contains("total"));
      body.append(...rows.filter(row => !last.includes(row)).sort(order), ...last);
    });
  }));

  // Contents: folded on phones, following the reader elsewhere
  const contents = document.querySelector(".contents details");
  if (contents) {
    const narrow = matchMedia("(max-width: 65.99rem)");
    const fold = () => { contents.open = !narrow.matches; };
    fold(); narrow.addEventListener("change", fold);
    const links = new Map(all(".contents a").map(link => [decodeURIComponent(link.hash.slice(1)), link]));
    const headings = Array.from(links.keys(), id => document.getElementById(id)).filter(Boolean);
    let due = false;
    const follow = () => {
      due = false;
      const passed = headings.filter(heading => heading.getBoundingClientRect().top < innerHeight * 0.3);
      const now = passed.length ? passed[passed.length - 1] : null;
      links.forEach((link, id) => now && id === now.id ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"));
    };
    addEventListener("scroll", () => { if (!due) { due = true; requestAnimationFrame(follow); } }, { passive: true });
    follow();
  }

  // Paper shows what the screen folds away
  addEventListener("beforeprint", () => all("details.all-numbers, details.all-methods").forEach(details => { details.open = true; }));

  // A link to a number opens what folds it away, then its card
  const arrive = () => {
    const number = document.getElementById(location.hash.slice(1)), card = document.getElementById(location.hash.replace("#said_", "finding-"));
    if (!location.hash.startsWith("#said_") || !number || !card) return;
    for (let fold = number.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    number.scrollIntoView({ behavior: "instant", block: innerWidth < 640 ? "start" : "center" });
    number.focus({ preventScroll: true });
    asked = number;
    card.showPopover();
  };
  addEventListener("hashchange", arrive);
  arrive();
})();

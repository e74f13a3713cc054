// The list of papers is whole without this script; it offers a box that searches what all of them found.
(() => {
  "use strict";
  const search = document.querySelector(".find"), papers = document.querySelector(".portfolio-list");
  const box = search.querySelector("input"), told = search.querySelector("[role=status]"), list = search.querySelector(".results");
  const words = JSON.parse(document.getElementById("words").textContent), most = 60;
  const { pages, passages } = JSON.parse(document.getElementById("search").textContent);
  const plain = text => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  // A title is found like a finding, and before one that fits as well; what a paper says early goes before what follows
  const entries = [
    ...pages.map(page => ({ page, href: page.href, text: page.title, value: "", place: 0, more: `${page.number} ${page.topic} ${page.place} ${page.asks}`, title: true })),
    ...passages.map(([at, finding, text, value]) => {
      pages[at].said = (pages[at].said || 0) + 1;
      return { page: pages[at], href: `${pages[at].href}#said_${finding}`, text, value: value || "", place: pages[at].said, more: finding.replace(/_/g, " "), finding };
    }),
  ];
  entries.forEach(entry => { entry.plain = plain(`${entry.text} ${entry.value} ${entry.more}`); });

  // 3 for a word that stands there whole, 2 for one that begins so, 1 for one that holds it; 0 if any is missing
  const begins = /[\p{L}\p{N}]/u;
  const fit = (text, word) => {
    let best = 0;
    for (let at = text.indexOf(word); at >= 0 && best < 3; at = text.indexOf(word, at + 1)) {
      const open = at === 0 || !begins.test(text[at - 1]), end = at + word.length;
      const shut = end === text.length || !begins.test(text[end]);
      best = Math.max(best, open && shut ? 3 : open ? 2 : 1);
    }
    return best;
  };
  const score = (entry, wanted) => {
    const fits = wanted.map(word => fit(entry.plain, word));
    return fits.includes(0) ? 0 : fits.reduce((sum, one) => sum + one, 0) + (entry.title ? 0.5 : 0);
  };

  // Where the words stand in a text as written: letters may lose their accents, so places are mapped back
  const marked = (into, text, wanted) => {
    const back = [], letters = [];
    let at = 0;
    for (const letter of text) {
      for (const one of plain(letter)) { letters.push(one); back.push(at); }
      at += letter.length;
    }
    back.push(text.length);
    const flat = letters.join(""), hit = new Array(text.length).fill(false);
    wanted.forEach(word => {
      for (let found = flat.indexOf(word); found >= 0; found = flat.indexOf(word, found + word.length)) hit.fill(true, back[found], back[found + word.length]);
    });
    for (let from = 0, to = 0; from < text.length; from = to) {
      while (to < text.length && hit[to] === hit[from]) to += 1;
      if (hit[from]) into.append(Object.assign(document.createElement("mark"), { textContent: text.slice(from, to) }));
      else into.append(text.slice(from, to));
    }
  };
  const line = (entry, wanted) => {
    const item = document.createElement("li"), link = document.createElement("a"), from = document.createElement("span");
    link.href = entry.href;
    if (entry.page.lang) link.lang = entry.page.lang;
    if (entry.title) link.className = "title";
    marked(link, entry.value ? `${entry.text}: ${entry.value}` : entry.text, wanted);
    from.className = "from";
    from.append(Object.assign(document.createElement("b"), { textContent: entry.page.number }), ` ${entry.page.topic}${entry.page.place ? `, ${entry.page.place}` : ""}`);
    if (entry.value) from.append(" ", Object.assign(document.createElement("code"), { textContent: entry.finding }));
    item.append(link, from);
    return item;
  };

  const show = () => {
    const wanted = plain(box.value).split(/\s+/).filter(Boolean);
    const found = wanted.length ? entries.map(entry => [score(entry, wanted), entry]).filter(([fits]) => fits) : [];
    found.sort(([a, x], [b, y]) => b - a || (y.title ? 1 : 0) - (x.title ? 1 : 0) || x.place - y.place);
    list.replaceChildren(...found.slice(0, most).map(([, entry]) => line(entry, wanted)));
    list.hidden = !found.length;
    papers.hidden = Boolean(wanted.length);
    const many = words.matches[found.length === 1 ? 0 : 1].replace("{n}", found.length);
    told.textContent = !wanted.length ? "" : !found.length ? words.no_match : found.length > most ? words.first_matches.replace("{n}", found.length).replace("{shown}", most) : many;
  };

  // Arrows walk from the box through the results and back, Enter in the box follows the first, Escape clears
  const links = () => Array.from(list.querySelectorAll("a"));
  search.addEventListener("keydown", event => {
    const all = links(), here = all.indexOf(document.activeElement), go = to => { event.preventDefault(); (to < 0 ? box : all[Math.min(to, all.length - 1)]).focus(); };
    if (event.key === "Escape") { box.value = ""; show(); box.focus(); }
    else if (!all.length) return;
    else if (event.key === "ArrowDown") go(here + 1);
    else if (event.key === "ArrowUp" && here >= 0) go(here - 1);
    else if (event.key === "Home" && here >= 0) go(0);
    else if (event.key === "End" && here >= 0) go(all.length - 1);
    else if (event.key === "Enter" && document.activeElement === box) all[0].click();
  });
  box.addEventListener("input", show);
  search.hidden = false;
  show();
})();

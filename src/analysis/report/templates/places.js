// The list is whole without this script; it offers a box that shows only the places whose name or key holds the words.
(() => {
  "use strict";
  const search = document.querySelector(".find");
  const box = search.querySelector("input"), told = search.querySelector("[role=status]");
  const plain = text => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const places = Array.from(document.querySelectorAll(".place-entry"), element => ({ element, text: plain(element.dataset.place) }));
  const kinds = Array.from(document.querySelectorAll(".kind"));
  const show = () => {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    places.forEach(place => {
      const fits = words.every(word => place.text.includes(word));
      place.element.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    kinds.forEach(kind => { kind.hidden = !kind.querySelector(".place-entry:not([hidden])"); });
    told.textContent = words.length ? JSON.parse(document.getElementById("words").textContent).found.replace("{shown}", shown).replace("{all}", places.length) : "";
  };
  search.hidden = false;
  box.addEventListener("input", show);
  box.addEventListener("keydown", event => { if (event.key === "Escape") { box.value = ""; show(); } });
  show();
})();

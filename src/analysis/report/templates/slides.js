// Without this script the slides stand below one another; with it one is shown at a time, and each has an address.
(() => {
  "use strict";
  const slides = Array.from(document.querySelectorAll(".slide")), root = document.documentElement;
  const back = document.getElementById("back"), next = document.getElementById("next");
  let now = 0;

  const show = (at, focus) => {
    now = at;
    slides.forEach((slide, place) => slide.classList.toggle("now", place === now));
    back.disabled = now === 0;
    next.disabled = now === slides.length - 1;
    scrollTo(0, 0);
    if (focus) slides[now].focus({ preventScroll: true });
  };
  const asked = () => Math.max(0, slides.findIndex(slide => `#${slide.id}` === location.hash));
  const turn = at => { if (at >= 0 && at < slides.length && at !== now) location.hash = slides[at].id; };
  addEventListener("hashchange", () => show(asked(), true));

  const steps = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, ArrowDown: 1, ArrowUp: -1, " ": 1 };
  addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const scrolls = ["ArrowDown", "ArrowUp", " "].includes(event.key);
    // A slide higher than the window scrolls first, and a pressed link or button does its own work
    if (scrolls && (root.scrollHeight > innerHeight + 1 || (event.key === " " && event.target.closest("a, button")))) return;
    const to = event.key === "Home" ? 0 : event.key === "End" ? slides.length - 1 : now + (steps[event.key] || 0);
    if (event.key in steps || event.key === "Home" || event.key === "End") { event.preventDefault(); turn(to); }
    if (event.key === "f" && root.requestFullscreen) document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
  });
  back.addEventListener("click", () => turn(now - 1));
  next.addEventListener("click", () => turn(now + 1));

  root.classList.add("one");
  document.querySelector(".turning").hidden = false;
  show(asked(), false);
})();

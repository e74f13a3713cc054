// Before the first paint: the page the reader chose last, if this browser lets a file remember it.
try { const chosen = localStorage.getItem("angeleno-theme"); if (chosen) document.documentElement.dataset.theme = chosen; } catch (refused) { /* a file without storage follows the system */ }

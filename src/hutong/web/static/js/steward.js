// The stewards' keys beyond `data-key`: moving through the queue's rows, ticking them, giving parties their letters.
"use strict";

(() => {
  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  let at = -1;

  function move(step) {
    const all = rows();
    if (!all.length) return;
    all[at]?.classList.remove("at");
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at].classList.add("at");
    all[at].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
    if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
    else if (event.key === "Enter") {
      if (!event.target.closest("a, button")) rows()[at]?.querySelector("a")?.click();
    } else if (event.key === "x") {
      const box = rows()[at]?.querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
    } else if (/^[1-9]$/.test(event.key)) {
      const letter = document.querySelector(`[data-letter="${event.key}"]`);
      if (letter) letter.selectedIndex = (letter.selectedIndex + 1) % letter.options.length;
    }
  });

  // Esc leaves the note, so that the keys work again.
  document.addEventListener("keyup", (event) => {
    if (event.key === "Escape" && event.target.matches(".decide input")) event.target.blur();
  });
})();

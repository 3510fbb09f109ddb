// What every page does: CSRF on requests, notices, dialogs, tabs, the keys. No state of its own.
"use strict";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRF-Token"] = csrf;
});

document.addEventListener("htmx:response:error", async (event) => {
  const answer = event.detail.ctx.response;
  let words = String(answer.status);
  try {
    words = JSON.parse(event.detail.ctx.text).title ?? words;
  } catch { /* not problem details: the status says it */ }
  notice(words, "bad");
});

// No whole answer: what was asked for may or may not have happened.
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && ctx.text === undefined) notice(document.getElementById("notice").dataset.unreached, "bad");
});

function notice(words, kind = "") {
  const line = document.createElement("p");
  line.textContent = words;
  line.className = kind;
  document.getElementById("notice")?.append(line);
  setTimeout(() => line.remove(), 6000);
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-toggle]");
  if (toggle) document.body.classList.toggle(toggle.dataset.toggle);
  else if (!event.target.closest(".side")) document.body.classList.remove("menu-open");
  if (!event.target.closest(".search")) document.getElementById("quick")?.replaceChildren();
  const opens = event.target.closest("[data-open]");
  if (opens) document.getElementById(opens.dataset.open)?.showModal();
  const closing = event.target.closest("[data-close]");
  if (closing) {
    closing.closest("dialog")?.close();
    closing.blur(); // a hidden button must not swallow the next key
  }
  const tab = event.target.closest("[data-tab]");
  if (!tab) return;
  tab.parentElement.querySelectorAll("[data-tab]").forEach((each) => each.classList.toggle("here", each === tab));
});

// A step's details come into a drawer, which then opens.
document.addEventListener("htmx:after:swap", () => {
  const drawer = document.querySelector("dialog.drawer:not(:empty)");
  if (drawer && !drawer.open) drawer.showModal();
});
document.addEventListener("close", (event) => {
  if (event.target.matches("dialog.drawer")) event.target.replaceChildren();
}, true);

document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit]")?.requestSubmit();
  const { checkAll } = event.target.dataset; // <input type="checkbox" data-check-all="chosen"> ticks those of that name
  if (!checkAll) return;
  for (const box of event.target.form.elements) if (box.name === checkAll) box.checked = event.target.checked;
});

// Keys of a page: <a data-key="j"> or <button data-key="1"> is clicked by its key, outside of fields and dialogs.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});

document.addEventListener("keydown", (event) => {
  const search = document.getElementById("search");
  if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    search?.focus();
  }
  if (event.target !== search) return;
  const found = [...document.querySelectorAll("#quick a")];
  const at = found.findIndex((link) => link.classList.contains("at"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    found[at]?.classList.remove("at");
    found[(at + (event.key === "ArrowDown" ? 1 : found.length - 1) + found.length) % found.length]?.classList.add("at");
  } else if (event.key === "Enter" && at >= 0) {
    event.preventDefault();
    found[at].click();
  } else if (event.key === "Escape") {
    document.getElementById("quick").replaceChildren();
  }
});

window.hutong = { csrf, notice };

// Tables that a phone shows as stacks: every cell but the first is told by the head of its column.
function labelCells() {
  for (const table of document.querySelectorAll("table.stacks")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    for (const { firstChild } of table.querySelectorAll("tbody td")) {
      // White space that begins a cell would show after its label; alone, it would keep the cell from being td:empty.
      if (firstChild instanceof Text) firstChild.data = firstChild.data.trimStart();
    }
    for (const cell of table.querySelectorAll("tbody td:not(:first-child):not([data-label])")) {
      if (heads[cell.cellIndex]) cell.dataset.label = heads[cell.cellIndex];
    }
  }
}
labelCells();
document.addEventListener("htmx:after:swap", labelCells);

// Now: by itself htmx takes the page in a timer after its script, often only when the page is loaded and used already;
// a key or a click until then went nowhere.
htmx.initialize();

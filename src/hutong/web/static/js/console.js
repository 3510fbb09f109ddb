// What every page does: CSRF on requests, notices, the search box's keys. No state of its own.
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

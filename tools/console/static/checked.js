// A text that is checked while it is written: its first mistake is shown in place, or what comes of it.

import { order } from "./orders.js";

const PAUSE_MILLISECONDS = 300;

// The server counts characters, and a browser their UTF-16 units.
function offset(text, line, column) {
  const lines = text.split("\n");
  const before = [...lines[line - 1] ?? ""].slice(0, column - 1).join("");
  return lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + before.length;
}

// Puts the caret there. No browser scrolls a text to it, so its height above is measured.
function goTo(area, line, column) {
  const at = offset(area.value, Number(line), Number(column));
  const above = document.createElement("textarea");
  above.rows = 1;
  above.value = area.value.slice(0, at);
  area.after(above);
  const height = above.scrollHeight;
  above.remove();
  area.focus();
  area.setSelectionRange(at, at + 1);
  area.scrollTop = height - area.clientHeight / 2;
}

function showMistake(place, area, error) {
  place.replaceChildren();
  area.setAttribute("aria-invalid", error ? "true" : "false");
  if (!error) return;
  const text = document.createElement("p");
  place.append(text);
  if (!error.line) {
    text.textContent = error.message;
    return;
  }
  text.textContent = `Line ${error.line}, column ${error.column}: ${error.message}. `;
  const written = document.createElement("pre");
  const line = [...area.value.split("\n")[error.line - 1] ?? ""];
  const start = Math.max(0, error.column - 40);
  written.textContent = `${line.slice(start, start + 80).join("")}\n${" ".repeat(error.column - 1 - start)}^`;
  const go = document.createElement("button");
  go.type = "button";
  go.textContent = "Go there";
  go.dataset.line = error.line;
  go.dataset.column = error.column;
  place.append(written, go);
}

export function startChecked() {
  const area = document.querySelector("[data-checked-by]");
  if (!area) return;
  const mistake = document.getElementById(area.getAttribute("aria-describedby"));
  const result = document.getElementById("text-checked");
  const draft = `draft of ${document.body.dataset.page}`;
  let timer = null;
  let latest = 0;

  // What one writes is still there after a look at another page, for as long as the tab is open.
  function keep() {
    try {
      if (area.value === area.defaultValue) sessionStorage.removeItem(draft);
      else sessionStorage.setItem(draft, area.value);
    } catch {
      // It is larger than a browser keeps.
    }
  }

  async function check() {
    const number = ++latest;
    if (!area.value.trim()) {
      showMistake(mistake, area, null);
      return;
    }
    try {
      const found = await order(area.dataset.checkedBy, { text: area.value });
      if (number !== latest) return;
      showMistake(mistake, area, null);
      area.setAttribute("aria-invalid", String(found.valid === false));
      result.innerHTML = found.html;
      result.classList.remove("stale");
    } catch (error) {
      if (number !== latest) return;
      showMistake(mistake, area, error);
      result.classList.add("stale");
    }
  }

  document.addEventListener("click", ({ target }) => {
    if (target.dataset.line) goTo(area, target.dataset.line, target.dataset.column);
  });
  area.addEventListener("input", () => {
    keep();
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE_MILLISECONDS);
  });
  area.value = sessionStorage.getItem(draft) ?? area.value;
  if (area.value.trim()) check();
}

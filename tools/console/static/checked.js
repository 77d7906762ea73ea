// A text that is checked while it is written: its first mistake is shown in place, or what comes of it.

import { order } from "./orders.js";

const PAUSE_MILLISECONDS = 300;

function offset(text, line, column) {
  const lines = text.split("\n");
  return lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
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
  const line = area.value.split("\n")[error.line - 1] ?? "";
  const start = Math.max(0, error.column - 40);
  written.textContent = `${line.slice(start, start + 80)}\n${" ".repeat(error.column - 1 - start)}^`;
  const go = document.createElement("button");
  go.type = "button";
  go.textContent = "Go there";
  go.addEventListener("click", () => {
    const at = offset(area.value, error.line, error.column);
    area.focus();
    area.setSelectionRange(at, at + 1);
  });
  place.append(written, go);
}

export function startChecked() {
  const area = document.querySelector("[data-checked-by]");
  if (!area) return;
  const mistake = document.getElementById(area.getAttribute("aria-describedby"));
  const result = document.getElementById("text-checked");
  let timer = null;
  let latest = 0;

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
      result.innerHTML = found.html;
      result.classList.remove("stale");
    } catch (error) {
      if (number !== latest) return;
      showMistake(mistake, area, error);
      result.classList.add("stale");
    }
  }

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE_MILLISECONDS);
  });
  if (area.value.trim()) check();
}

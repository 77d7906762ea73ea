// The table of events: new rows come on top, unless the reader reads; it never has many rows.

import { localize } from "./times.js";

const MAX_ROWS = 200;

export function startTable() {
  const rows = document.querySelector("#events tbody");
  const arrivals = document.getElementById("arrivals");
  const showNew = document.getElementById("show-new");
  const pause = document.getElementById("pause");
  const older = document.getElementById("older");
  const isOlder = "older" in document.body.dataset;
  let waiting = [];
  let unseen = 0;

  const newest = () => Number(rows.firstElementChild?.dataset.number ?? 0);

  // Someone reads: paused, scrolled down, or with the focus or a selection in the table.
  function reading() {
    const selected = document.getSelection();
    return isOlder
      || pause.getAttribute("aria-pressed") === "true"
      || scrollY > 150
      || rows.contains(document.activeElement)
      || (!selected.isCollapsed && rows.contains(selected.anchorNode));
  }

  function parsed(html) {
    const holder = document.createElement("template");
    holder.innerHTML = `<table><tbody>${html}</tbody></table>`;
    localize(holder.content);
    return [...holder.content.querySelectorAll("tr")];
  }

  function take({ html, more }) {
    const fresh = [];
    for (const row of parsed(html)) {
      const shown = rows.querySelector(`tr[data-number="${row.dataset.number}"]`);
      if (shown) {
        const focused = shown.contains(document.activeElement);
        shown.replaceWith(row);
        if (focused) row.querySelector("a").focus({ preventScroll: true });
      } else if (Number(row.dataset.number) > newest()) {
        fresh.push(row);
      }
    }
    if (isOlder || (!fresh.length && !more)) return;
    const numbers = new Set(fresh.map((row) => row.dataset.number));
    const kept = waiting.filter((row) => !numbers.has(row.dataset.number));
    unseen += fresh.length - (waiting.length - kept.length) + more;
    waiting = [...fresh, ...kept]
      .sort((one, other) => other.dataset.number - one.dataset.number).slice(0, MAX_ROWS);
    reading() ? announce() : insert();
  }

  function announce() {
    showNew.hidden = false;
    showNew.textContent = `Show new events (${unseen})`;
    arrivals.textContent = "";
  }

  function insert() {
    rows.prepend(...waiting);
    while (rows.children.length > MAX_ROWS) rows.lastElementChild.remove();
    arrivals.textContent = unseen === 1 ? "1 new event" : `${unseen} new events`;
    waiting = [];
    unseen = 0;
    showNew.hidden = true;
    document.getElementById("none").hidden = true;
    if (rows.children.length >= 100) {
      const query = document.body.dataset.query;
      older.href = `/?before=${rows.lastElementChild.dataset.number}${query ? `&${query}` : ""}`;
      older.hidden = false;
    }
  }

  if (!isOlder) {
    showNew.addEventListener("click", () => {
      insert();
      scrollTo({ top: 0 });
      rows.querySelector("a")?.focus({ preventScroll: true });
      document.activeElement.blur();
    });
    pause.addEventListener("click", () => {
      const paused = pause.getAttribute("aria-pressed") !== "true";
      pause.setAttribute("aria-pressed", String(paused));
      if (!paused && waiting.length) insert();
    });
  }
  return { take };
}

// What all pages have: times in the reader's zone, orders, the stream, and parts that stay current.

import { localize } from "./times.js";
import { startOrders } from "./orders.js";
import { startTable } from "./table.js";
import { startChecked } from "./checked.js";

const body = document.body;
const page = body.dataset.page;
const connection = document.getElementById("connection");
let since = body.dataset.since;
let source = null;
let refreshing = null;

// The address that a sandbox prints is opened in a tab that shows the page already.
const MIN_TOKEN = 40;
if (location.hash.length > MIN_TOKEN) history.replaceState(null, "", location.pathname + location.search);
addEventListener("hashchange", () => { if (location.hash.length > MIN_TOKEN) location.reload(); });

localize(document);
startOrders();
startChecked();
const table = page === "events" ? startTable() : null;

// Until here, a press of a button would have been lost.
for (const each of document.querySelectorAll("[inert]")) each.inert = false;

// Fetches the page again, and replaces its live parts. What has the focus keeps it.
async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const found = fresh.getElementById(part.id);
    if (!found || found.innerHTML === part.dataset.was) continue;
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.dataset.was = found.innerHTML;
    part.replaceChildren(...found.childNodes);
    part.querySelectorAll("details").forEach((each, index) => { each.open = Boolean(open[index]); });
    localize(part);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

function refreshSoon() {
  refreshing ??= setTimeout(() => {
    refreshing = null;
    refresh().catch(() => {});
  }, 300);
}

function isAbout(rows) {
  if (page === "event") return rows.includes(Number(body.dataset.row));
  if (page === "mapping") return !rows.length; // something else than an event: another file runs
  return page === "queues" || page === "tour";
}

function connect() {
  const query = body.dataset.query ? `&${body.dataset.query}` : "";
  source = new EventSource(`/stream?since=${since}${query}`);
  source.addEventListener("open", () => { connection.textContent = ""; });
  source.addEventListener("rows", (event) => table?.take(JSON.parse(event.data)));
  source.addEventListener("changed", (event) => {
    const { rows, sequence } = JSON.parse(event.data);
    since = sequence;
    if (isAbout(rows)) refreshSoon();
  });
  source.addEventListener("switched", (event) => {
    document.getElementById("strip").innerHTML = JSON.parse(event.data).html;
    if (page === "break" || page === "tour") refreshSoon();
  });
  source.addEventListener("lost", () => location.reload());
  source.addEventListener("ended", lost);
  source.addEventListener("error", lost);
}

// The sandbox has ended, or comes back: a new one has a new token, and another history.
function lost() {
  source.close();
  connection.textContent = "The sandbox does not answer. Trying again …";
  setTimeout(lookAgain, 1000);
}

async function lookAgain() {
  try {
    const answer = await fetch("/queues", { method: "HEAD" });
    if (answer.ok) {
      location.reload();
    } else {
      connection.textContent = "The sandbox was started anew: open the address that it has printed.";
    }
  } catch {
    setTimeout(lookAgain, 2000);
  }
}

// A browser opens few connections to one server: tabs that nobody sees give theirs back.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close();
  } else {
    refreshSoon();
    connect();
  }
});

if (!document.hidden) connect();
addEventListener("pagehide", () => source?.close());

if (body.dataset.every) {
  setInterval(() => { if (!document.hidden) refreshSoon(); }, 1000 * Number(body.dataset.every));
}

// Orders: every change goes through here, with the header that no other page can send.

import { localize } from "./times.js";

const said = document.getElementById("said");

export class Mistake extends Error {
  constructor({ mistake, line, column }) {
    super(mistake);
    this.line = line;
    this.column = column;
  }
}

export async function order(name, members) {
  const answer = await fetch(`/orders/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", [document.body.dataset.header]: "1" },
    body: JSON.stringify(members),
  });
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const found = isJson ? await answer.json() : { mistake: (await answer.text()).trim() };
  if (!answer.ok) throw new Mistake(found);
  return found;
}

export function tell(text) {
  said.textContent = text;
}

function counted({ requests, statuses }) {
  const counts = Object.entries(statuses).map(([status, count]) => `${status} × ${count}`).join(", ");
  return `${requests} ${requests === 1 ? "request" : "requests"}, answered ${counts}.`;
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function carryOut(button, name, members) {
  button.disabled = true;
  try {
    const found = await order(name, members);
    tell(found.said ?? (found.statuses ? counted(found) : ""));
  } catch (error) {
    tell(error.message);
  } finally {
    button.disabled = false;
    button.focus({ preventScroll: true });
  }
}

function onClick(event) {
  const button = event.target.closest("[data-order], [data-switch]");
  if (!button) return;
  if (button.dataset.order) {
    carryOut(button, button.dataset.order, JSON.parse(button.dataset.body ?? "{}"));
  } else {
    const on = button.getAttribute("aria-checked") !== "true";
    carryOut(button, "turn", { switch: button.dataset.switch, on });
  }
}

function startSending(form) {
  const again = document.getElementById("again");
  const answer = document.getElementById("answer");
  let last = null;

  async function send(members) {
    answer.textContent = "Sending …";
    try {
      const found = await order("send", members);
      last = found.order;
      again.hidden = false;
      const summary = document.createElement("p");
      summary.textContent = `${counted(found)} The last answer:`;
      const body = document.createElement("pre");
      body.tabIndex = 0;
      body.textContent = indented(found.answer.body);
      answer.replaceChildren(summary, body);
    } catch (error) {
      answer.textContent = error.message;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send({
      text: form.text.value,
      signing: form.signing.value,
      batch: form.batch.checked,
      fresh: form.fresh.checked,
      repeat: form.repeat.valueAsNumber,
    });
  });
  again.addEventListener("click", () => send({ again: last }));
  document.getElementById("sample").addEventListener("change", (event) => {
    const text = event.target.selectedOptions[0]?.dataset.text;
    if (!text) return;
    form.text.value = text;
    form.text.dispatchEvent(new Event("input"));
  });
}

function startForm(form, name, members, after = () => {}) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("Working …");
    carryOut(form.querySelector("button"), name, members(form)).then(after);
  });
}

function startMapping(form) {
  const changed = () => form.text.dispatchEvent(new Event("input"));
  startForm(form, "apply", () => ({ text: form.text.value }), changed);
  document.getElementById("download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([form.text.value], { type: "application/json" }));
    link.download = "destination.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  document.getElementById("reset").addEventListener("click", async () => {
    const answer = await fetch("/mapping/file");
    if (!answer.ok) {
      tell((await answer.text()).trim());
      return;
    }
    form.text.value = await answer.text();
    changed();
  });
}

export function startOrders() {
  document.addEventListener("click", onClick);
  const send = document.getElementById("send-form");
  if (send) startSending(send);
  const redrive = document.getElementById("redrive");
  if (redrive) startForm(redrive, "redrive", (form) => Object.fromEntries(new FormData(form)));
  const mapping = document.getElementById("mapping-form");
  if (mapping) startMapping(mapping);
  localize(document);
}

// Times: the server writes them in UTC, the reader sees the own zone, and UTC beside it or as a title.

const short = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function localize(root) {
  for (const each of root.querySelectorAll("time[datetime]")) {
    const at = new Date(each.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const utc = each.dateTime.replace("T", " ").replace("Z", " UTC");
    each.title = utc;
    each.textContent = each.classList.contains("both") ? `${whole.format(at)} (${utc})` : short.format(at);
  }
}

// Exchanges the token of the address's fragment, or a pasted one, for the cookie.

const said = document.getElementById("said");

async function signIn(token) {
  const answer = await fetch("/session", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Console": "1" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) {
    location.replace("/");
  } else {
    said.textContent = (await answer.text()).trim() + " Each start of the sandbox prints a new one.";
  }
}

document.getElementById("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(event.target.token.value.trim().replace(/^.*#/, ""));
});

if (location.hash.length > 1) {
  const token = location.hash.slice(1);
  // The token does not stay in the address or in the history.
  history.replaceState(null, "", "/");
  signIn(token);
}

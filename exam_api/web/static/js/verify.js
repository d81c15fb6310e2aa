// Compares a file with the digests on the page. The file never leaves the browser.
import { $, $$, show } from "./dom.js";

const field = $("#verify-file");
const known = new Set($$("[data-digest]").map((code) => code.dataset.digest));

async function compare(file) {
  for (const said of $$("[data-found]", field)) show(said, false);
  if (!file) return;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  show($(`[data-found="${known.has(hex) ? "same" : "other"}"]`, field));
}

// Without TLS browsers have no digests; the command below says the same.
if (field && crypto.subtle) {
  show(field);
  $("#verify-choose").addEventListener("change", (event) => compare(event.target.files[0]));
}

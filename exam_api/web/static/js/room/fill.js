// After the line was down: sends the server what it lacks and this computer has kept.
import { call } from "../api.js";
import { sleep } from "../dom.js";
import { Shelf } from "./kept.js";

const PATIENCE_MS = 20_000; // for the server to close the recording of a sitting that ended
const KEEP_MS = 24 * 3600_000; // the server takes nothing later
// Not "not_found" and "forbidden": on a shared computer somebody else may be signed in now.
const FORGET = new Set(["nothing_lacking", "fill_closed", "piece_refused", "payload_too_large", "invalid_request"]);
const given = new Set(); // each piece with what was lacking of it: sent again it would give no more

/**
 * Resolves to how many pieces were sent. `ended`: wait until the recording is closed; `kept`: what
 * this page is keeping now, which ends its piece where that one is wanted.
 */
export async function fill(sitting, { ended = false, kept = null, onSend = () => {} } = {}) {
  const shelf = await Shelf.open().catch(() => null);
  if (!shelf) return 0;
  const base = `/api/v1/sittings/${sitting}`;
  const until = performance.now() + PATIENCE_MS;
  let [sent, unread] = [0, null];
  for (;;) {
    const lacking = await call("GET", `${base}/lacking`);
    if (lacking.spans.length) await kept?.cut();
    const pieces = (await shelf.pieces()).filter((piece) => piece.sitting === sitting);
    for (const piece of pieces) {
      const wanted = piece.id === kept?.current ? [] : overlapping(piece, pieces, lacking);
      const once = `${piece.id} ${JSON.stringify(wanted)}`;
      if (!wanted.length || given.has(once)) continue;
      onSend();
      try {
        sent += await send(base, shelf, piece, lacking);
        given.add(once);
      } catch (problem) {
        if (problem.code !== "piece_not_read") throw problem;
        unread = problem;
      }
    }
    if (unread) throw unread; // it stays here, the others have gone first
    if (lacking.final || !ended || performance.now() > until) {
      if (lacking.final) for (const piece of pieces) await shelf.remove(piece.id);
      return sent;
    }
    await sleep(1500);
  }
}

/** What earlier pages of any sitting could not send; called at the next visit. */
export async function fillLeft() {
  const shelf = await Shelf.open().catch(() => null);
  await shelf?.forget(Date.now() - KEEP_MS);
  const sittings = new Set((await shelf?.pieces() ?? []).map((piece) => piece.sitting));
  for (const sitting of sittings) {
    if (await isOpen(sitting)) continue;
    try {
      await fill(sitting);
    } catch (problem) {
      if (FORGET.has(problem.code)) for (const piece of await shelf.pieces()) if (piece.sitting === sitting) await shelf.remove(piece.id);
    }
  }
}

/** A page of this browser has the sitting open: it fills by itself (client.js holds the lock). */
async function isOpen(sitting) {
  const { held } = (await navigator.locks?.query()) ?? { held: [] };
  return held.some((lock) => lock.name.startsWith(`client:${sitting}:`));
}

/** What is lacking of its time. A piece lasts until the next one has begun; of the last one nobody knows. */
function overlapping(piece, pieces, { origin_ms: origin, spans }) {
  const next = pieces[pieces.indexOf(piece) + 1]?.startedAt ?? Infinity;
  const [start, end] = [piece.startedAt - origin, next - origin + 2000];
  return spans.filter((span) => span.start_ms < end && span.end_ms > start);
}

async function send(base, shelf, piece, lacking) {
  const blob = await shelf.bytes(piece.id);
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const address = `${base}/pieces/${piece.id}?size=${blob.size}&sha256=${sha256}&start_ms=${piece.startedAt}`;
  try {
    let { offset, done } = await call("GET", address);
    while (!done) {
      const part = blob.slice(offset, offset + lacking.part_bytes);
      ({ offset, done } = await sendPart(address, offset, part));
    }
    return 1;
  } catch (problem) {
    if (!FORGET.has(problem.code)) throw problem; // the line again: the next reconnect goes on
    if (problem.code !== "nothing_lacking") await shelf.remove(piece.id);
    return 0;
  }
}

function sendPart(address, offset, part) {
  return call("PATCH", address, part, { timeout: 90_000, headers: { "Upload-Offset": String(offset) } });
}

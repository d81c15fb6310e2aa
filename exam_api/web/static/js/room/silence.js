// A line that went silent: the browser itself notices only after some ten seconds.
const LOOK_MS = 500;
const SILENT_MS = 2000; // the server answers every 1.5 s at least, and calls the line lost after the same time
const DEAD_MS = 7000; // a short cut heals by itself; after this a new connection is quicker

/** `onSilence(true | false)` as it begins and ends; `onDead()` once. Until the connection is closed. */
export function watchSilence(pc, onSilence, onDead) {
  let [heard, at, silent] = [-1, performance.now(), false];
  const timer = setInterval(async () => {
    if (pc.connectionState === "closed") return clearInterval(timer);
    const bytes = await bytesReceived(pc);
    const now = performance.now();
    if (bytes !== heard) [heard, at] = [bytes, now];
    const quiet = now - at > SILENT_MS;
    if (quiet !== silent) onSilence((silent = quiet));
    if (now - at > DEAD_MS) {
      clearInterval(timer);
      onDead();
    }
    return undefined;
  }, LOOK_MS);
}

async function bytesReceived(pc) {
  let bytes = 0;
  for (const report of (await pc.getStats()).values()) if (report.type === "transport") bytes += report.bytesReceived;
  return bytes;
}

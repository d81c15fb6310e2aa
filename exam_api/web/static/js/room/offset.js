// How far this computer's clock is from the server's: several exchanges, the server takes the median.
import { call } from "../api.js";
import { sleep } from "../dom.js";

const SAMPLES = 7;
const wall = () => performance.timeOrigin + performance.now();

/** Measures and tells; quietly nothing where the line is too bad for it. */
export async function measureClock(client) {
  try {
    const samples = [];
    for (let n = 0; n < SAMPLES; n += 1) {
      const sent = wall();
      const { server_ms: server } = await call("GET", "/api/v1/time");
      samples.push({ sent, server, received: wall() });
      await sleep(120);
    }
    await client.clockMeasured(samples);
  } catch {
    // the next reconnect measures again
  }
}

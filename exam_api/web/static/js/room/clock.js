// The server's time. The computer's own clock decides nothing (it may be wrong, or be set wrong).

export class ServerClock {
  #offset = null;
  #error = Infinity;

  /** A sample: what the server said, and when the question left and the answer came (performance.now). */
  sample(serverNow, sentAt, receivedAt) {
    const roundTrip = receivedAt - sentAt;
    // Trust the quickest round trip; let an old one fade so that a sleeping laptop is corrected.
    this.#error += 5;
    if (roundTrip <= this.#error || this.#offset === null) {
      this.#offset = Date.parse(serverNow) - (sentAt + roundTrip / 2);
      this.#error = roundTrip;
    }
  }

  now() {
    return performance.now() + (this.#offset ?? Date.now() - performance.now());
  }
}

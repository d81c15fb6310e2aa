// The live line: EventSource resumes by itself after a cut (Last-Event-ID); where the browser gives
// up, or the line is silent although the server beats, a new one is made from the last id seen.

const RETRY_MS = 2000;
const GRACE_MS = 2500; // the server ends streams now and then; what resumes at once is no loss

export class LiveLine {
  #source = null;
  #last;
  #grace = null;
  #closed = false;

  /** `onEvent(kind, data)`; `onState("live" | "lost")`. */
  constructor(url, cursor, kinds, onEvent, onState) {
    Object.assign(this, { url, kinds, onEvent, onState });
    this.#last = cursor;
    this.#open();
    addEventListener("online", () => this.#reopen());
  }

  #open() {
    const source = new EventSource(`${this.url}?after=${this.#last}`);
    this.#source = source;
    source.onopen = () => {
      clearTimeout(this.#grace);
      this.#grace = null;
      this.onState("live");
    };
    source.onerror = () => {
      this.#grace ??= setTimeout(() => this.onState("lost"), GRACE_MS);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#reopen(), RETRY_MS);
    };
    for (const kind of this.kinds) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) this.#last = event.lastEventId;
        this.onEvent(kind, JSON.parse(event.data));
      });
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#grace);
    this.#source.close();
  }

  #reopen() {
    if (this.#closed) return;
    this.#source.close();
    this.#open();
  }
}

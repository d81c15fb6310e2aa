// Answers wait here until the server has acknowledged them: a crash or a dead line loses none.
import { sleep } from "../dom.js";

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("baqylau", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: ["sitting", "item"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Where a browser refuses IndexedDB (a private window), answers wait in memory only. */
class Store {
  static async open() {
    try {
      return new Store(await database());
    } catch {
      return new Store(null);
    }
  }

  constructor(db) {
    this.db = db;
    this.memory = new Map();
  }

  #run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction("answers", mode);
      const request = work(transaction.objectStore("answers"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  put(row) {
    this.memory.set(row.item, row);
    return this.db ? this.#run("readwrite", (store) => store.put(row)).catch(() => {}) : Promise.resolve();
  }

  async remove(row) {
    if (this.memory.get(row.item)?.seq === row.seq) this.memory.delete(row.item);
    if (!this.db) return;
    const key = [row.sitting, row.item];
    const stored = await this.#run("readonly", (store) => store.get(key)).catch(() => null);
    if (stored?.seq === row.seq) await this.#run("readwrite", (store) => store.delete(key)).catch(() => {});
  }

  /** What an earlier page of this sitting could not send. */
  async load(sitting) {
    if (!this.db) return;
    const rows = await this.#run("readonly", (store) => store.getAll()).catch(() => []);
    for (const row of rows) if (row.sitting === sitting && !this.memory.has(row.item)) this.memory.set(row.item, row);
  }
}

/** Codes after which an answer is never taken, however often it is sent. */
const FINAL = new Set(["time_over", "not_in_progress", "not_found", "invalid_request", "illegal_transition"]);

/**
 * `onChange(itemId, "saving" | "unsaved" | "saved" | "refused", code, savedAt)` for each answer;
 * `onStop(code)` when this tab may send no more (another holds the sitting, or signed out).
 */
export class Outbox {
  #seq = 0;
  #sending = null;
  #timer = null;

  static async open(client, onChange, onStop) {
    const outbox = new Outbox(client, await Store.open(), onChange, onStop);
    await outbox.store.load(client.id);
    for (const row of outbox.store.memory.values()) outbox.after(row.seq);
    addEventListener("online", () => outbox.flush());
    return outbox;
  }

  constructor(client, store, onChange, onStop) {
    Object.assign(this, { client, store, onChange, onStop, stopped: false });
  }

  /** Later answers are numbered above `seq`: the highest number wins on the server. */
  after(seq) {
    this.#seq = Math.max(this.#seq, seq || 0);
  }

  get waiting() {
    return [...this.store.memory.values()];
  }

  /** The response that waits for an item, if any: newer than what the server says. */
  responseOf(itemId) {
    return this.store.memory.get(itemId)?.response ?? null;
  }

  /** Kept in the browser at once; sent after `wait` ms, so that typing sends words and not letters. */
  async add(itemId, response, wait = 0) {
    this.#seq += 1;
    const row = { sitting: this.client.id, item: itemId, response, seq: this.#seq };
    this.onChange(itemId, "saving");
    await this.store.put(row);
    clearTimeout(this.#timer);
    if (wait) this.#timer = setTimeout(() => this.flush(), wait);
    else this.flush();
  }

  /** Send what waits; resolves true when nothing is left. One loop at a time. */
  flush() {
    this.#sending ??= this.#drain().finally(() => { this.#sending = null; });
    return this.#sending;
  }

  async #drain() {
    let failures = 0;
    while (this.waiting.length && !this.stopped) {
      const row = this.waiting.sort((a, b) => a.seq - b.seq)[0];
      if (await this.#send(row)) {
        failures = 0;
      } else {
        failures += 1;
        await sleep(Math.min(8000, 500 * 2 ** failures));
      }
    }
    return this.waiting.length === 0;
  }

  async #send(row) {
    try {
      const { saved_at: savedAt } = (await this.client.answer(row.item, row.response, row.seq)) ?? {};
      await this.store.remove(row);
      if (!this.store.memory.has(row.item)) this.onChange(row.item, "saved", null, savedAt);
      return true;
    } catch (problem) {
      return this.#refused(row, problem.code);
    }
  }

  async #refused(row, code) {
    if (FINAL.has(code)) {
      await this.store.remove(row);
      this.onChange(row.item, "refused", code);
      return true;
    }
    if (code === "open_elsewhere" || code === "not_logged_in") {
      this.stopped = true;
      this.onStop(code);
      return false;
    }
    for (const waiting of this.waiting) this.onChange(waiting.item, "unsaved", code);
    return false;
  }
}

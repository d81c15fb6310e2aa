// What this page keeps of the camera, so that a dead line leaves no hole: a second, small encoding in
// IndexedDB. A piece is a minute, a file of its own; the oldest go first.
import { sleep } from "../dom.js";

const TYPE = "video/webm;codecs=vp8,opus";
const VIDEO_BITS = 150_000;
const AUDIO_BITS = 24_000;
const CHUNK_MS = 1000; // what a crash of the browser may lose
const PIECE_MS = 60_000;
const OVERLAP_MS = 700; // the next piece begins before this one ends: no hole between them
const MOST_BYTES = 48 * 2 ** 20;
const MOST_MS = 20 * 60_000;
const LEAST_FREE = 200 * 2 ** 20; // with less room the computer itself is in trouble

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("baqylau-media", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("pieces", { keyPath: "id" });
      request.result.createObjectStore("chunks", { keyPath: ["piece", "number"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The pieces on this computer, of any sitting. */
export class Shelf {
  static async open() {
    return new Shelf(await open());
  }

  constructor(db) {
    this.db = db;
  }

  #run(stores, mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(stores, mode);
      const request = work(...stores.map((name) => transaction.objectStore(name)));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  add(piece, number, data) {
    return this.#run(["pieces", "chunks"], "readwrite", (pieces, chunks) => {
      pieces.put(piece);
      return chunks.put({ piece: piece.id, number, data });
    });
  }

  /** Oldest first. */
  async pieces() {
    const found = await this.#run(["pieces"], "readonly", (pieces) => pieces.getAll());
    return found.sort((a, b) => a.startedAt - b.startedAt);
  }

  async bytes(id) {
    const range = IDBKeyRange.bound([id, 0], [id, Infinity]);
    const found = await this.#run(["chunks"], "readonly", (chunks) => chunks.getAll(range));
    return new Blob(found.map((chunk) => chunk.data));
  }

  remove(id) {
    const range = IDBKeyRange.bound([id, 0], [id, Infinity]);
    return this.#run(["pieces", "chunks"], "readwrite", (pieces, chunks) => {
      pieces.delete(id);
      return chunks.delete(range);
    });
  }

  /** What began before `time` (milliseconds since 1970). */
  async forget(time) {
    for (const piece of await this.pieces()) if (piece.startedAt < time) await this.remove(piece.id);
  }

  /** Each sitting's last minutes: another student at this computer takes no time from the one before. */
  async trim() {
    const pieces = await this.pieces();
    let bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    const newest = new Map(pieces.map((piece) => [piece.sitting, piece.startedAt]));
    for (const piece of pieces) {
      if (bytes <= MOST_BYTES && newest.get(piece.sitting) - piece.startedAt <= MOST_MS) continue;
      await this.remove(piece.id);
      bytes -= piece.bytes;
    }
  }
}

/** One minute of the camera. Its time is the server's, as far as this computer knows it. */
class Piece {
  #written = Promise.resolve();
  #number = 0;

  constructor(shelf, stream, sitting, clock) {
    const id = crypto.randomUUID().replaceAll("-", "");
    this.row = { id, sitting, startedAt: 0, bytes: 0 };
    this.recorder = new MediaRecorder(stream, {
      mimeType: TYPE, videoBitsPerSecond: VIDEO_BITS, audioBitsPerSecond: AUDIO_BITS, videoKeyFrameIntervalDuration: 2000,
    });
    this.ended = new Promise((done) => { this.recorder.onstop = done; });
    this.recorder.ondataavailable = ({ data }) => {
      if (!data.size) return;
      this.row.bytes += data.size;
      this.#number += 1;
      const [row, number] = [{ ...this.row }, this.#number];
      this.#written = this.#written.then(() => shelf.add(row, number, data));
      this.#written.catch((problem) => this.onproblem?.(problem));
    };
    // The file begins within a picture of this call; "start" is told when the encoder has its first,
    // up to half a second later.
    this.row.startedAt = clock.now();
    this.recorder.start(CHUNK_MS);
  }

  async stop() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    await this.ended;
    await this.#written.catch(() => {});
  }
}

/** Keeps the camera's last minutes while it is open. Without room or support it keeps nothing. */
export class Kept {
  #piece = null;
  #turning = Promise.resolve();
  #timer = null;

  constructor(sitting, clock) {
    this.sitting = sitting;
    this.clock = clock;
    this.shelf = null;
  }

  async start(stream) {
    if (!globalThis.MediaRecorder?.isTypeSupported(TYPE)) return;
    try {
      this.shelf ??= await Shelf.open();
    } catch {
      return; // a private window: there is nothing to keep it in
    }
    this.stream = stream;
    await this.cut();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.cut(), PIECE_MS);
  }

  async stop() {
    clearInterval(this.#timer);
    this.stream = null;
    await this.cut();
  }

  /** The piece that is being written, if any: it is not whole yet. */
  get current() {
    return this.#piece?.row.id ?? null;
  }

  /** End the piece, so that it can be sent, and go on with the next. */
  cut() {
    this.#turning = this.#turning.then(() => this.#turn()).catch(() => {});
    return this.#turning;
  }

  async #turn() {
    const old = this.#piece;
    this.#piece = null;
    if (this.stream?.active && (await hasRoom())) {
      this.#piece = new Piece(this.shelf, this.stream, this.sitting, this.clock);
      this.#piece.onproblem = () => this.#outOfRoom();
      if (old) await sleep(OVERLAP_MS);
    }
    await old?.stop();
    await this.shelf?.trim();
  }

  /** The browser's quota is used up: give the oldest half up, and go on with the next minute. */
  async #outOfRoom() {
    const pieces = await this.shelf.pieces();
    for (const piece of pieces.slice(0, Math.ceil(pieces.length / 2))) await this.shelf.remove(piece.id);
  }
}

async function hasRoom() {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined || quota - usage > LEAST_FREE;
}

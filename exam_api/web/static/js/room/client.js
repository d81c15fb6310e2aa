// One tab holds a sitting. Its id lives in sessionStorage, which a refresh keeps, and in localStorage for
// the browser that comes back from a crash: it goes on without a question. A Web Lock tells a tab that
// is still there: a duplicated one copies sessionStorage, a second one reads the same localStorage.
import { call } from "../api.js";

const REFRESH_MS = 1500; // a page being refreshed lets go within moments

/** crypto.randomUUID needs a secure address, and the page must be able to say that it has none. */
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function ownId(sittingId) {
  const key = `client:${sittingId}`;
  const mine = sessionStorage.getItem(key);
  const last = navigator.locks ? localStorage.getItem(key) : null;
  let id = mine ?? last ?? newId();
  if (!(await hold(`${key}:${id}`, mine ? { signal: AbortSignal.timeout(REFRESH_MS) } : { ifAvailable: true }))) {
    id = newId();
    await hold(`${key}:${id}`);
  }
  sessionStorage.setItem(key, id);
  localStorage.setItem(key, id);
  return id;
}

/** Hold the lock as long as the page lives; false when another tab has it. */
function hold(name, options = {}) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((answer) => {
    navigator.locks
      .request(name, options, (lock) => {
        answer(Boolean(lock));
        return lock && new Promise(() => {});
      })
      .catch(() => answer(false));
  });
}

/** The sitting's API, every call signed with this tab's id. */
export class SittingClient {
  static async open(sittingId) {
    return new SittingClient(sittingId, await ownId(sittingId));
  }

  constructor(sittingId, clientId) {
    this.id = sittingId;
    this.clientId = clientId;
    this.base = `/api/v1/sittings/${sittingId}`;
  }

  #call(method, path, body, options = {}) {
    return call(method, this.base + path, body, { ...options, headers: { "X-Client-Id": this.clientId } });
  }

  snapshot() { return this.#call("GET", ""); }
  claim(takeOver) { return this.#call("POST", "/claim", { client_id: this.clientId, take_over: takeOver }); }
  publishToken(track = "camera") { return this.#call("POST", `/publish-token?track=${track}`); }
  phoneLink() { return this.#call("POST", "/second-camera/link"); }
  consent(rules, language) { return this.#call("POST", "/consent", { rules, language }); }
  ready() { return this.#call("POST", "/ready"); }
  begin() { return this.#call("POST", "/begin"); }
  beginBreak() { return this.#call("POST", "/break"); }
  endBreak() { return this.#call("POST", "/break/end"); }
  reply(text) { return this.#call("POST", "/replies", { text }); }
  askTime(reason) { return this.#call("POST", "/time-requests", { reason }); }
  questionAppeals() { return this.#call("GET", "/question-appeals?limit=200"); }
  sendToAppeal(itemId, text) { return this.#call("PUT", `/question-appeals/${itemId}`, { text }); }
  explainAppeal(itemId, text) { return this.#call("POST", `/question-appeals/${itemId}/grounds`, { text }); }
  acknowledge(warningId) { return this.#call("POST", `/warnings/${warningId}/acknowledge`); }
  questions(language) { return this.#call("GET", `/questions?lang=${language}`); }
  finish() { return this.#call("POST", "/finish", undefined, { timeout: 30000 }); }
  answer(itemId, response, seq) {
    return this.#call("PUT", `/answers/${itemId}`, { response, client_seq: seq }, { timeout: 8000 });
  }

  pageState(state) { return this.#call("PUT", "/page-state", state, { keepalive: true }); }
  clockMeasured(samples) { return this.#call("PUT", "/clock", { samples }); }

  /** A picture of a question: an address of the page's own, for the header that only fetch can send. */
  async picture(itemId, name) {
    const answer = await fetch(`${this.base}/items/${itemId}/pictures/${name}`, { headers: { "X-Client-Id": this.clientId }, cache: "no-store" });
    if (!answer.ok) throw new Error(`picture ${answer.status}`);
    return URL.createObjectURL(await answer.blob());
  }

  /** Tell the server what only the browser can see. Never in the way of anything else. */
  report(kind, detail = "") {
    this.#call("POST", "/client-events", { kind, detail }, { keepalive: true }).catch(() => {});
  }
}

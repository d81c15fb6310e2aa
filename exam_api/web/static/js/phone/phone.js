// The phone's page: its camera becomes the second camera of the sitting whose code it read.
import { $, say, show } from "../dom.js";
import { call } from "../api.js";
import { problemText, t } from "../i18n.js";
import { VIDEO, missingSupport } from "../room/devices.js";
import { Publisher } from "../room/publisher.js";

const OVER = ["not_in_progress", "token_invalid", "token_expired", "exam_closed"];
const WORDS = { connecting: "phone.connecting", live: "phone.live", silent: "phone.lost", lost: "phone.lost", waiting: "phone.waiting" };

class SecondCamera extends HTMLElement {
  #publisher = null;
  #facing = "environment";
  #stream = null;
  #lock = null;

  connectedCallback() {
    this.link = location.pathname.split("/").pop();
    $("#start").addEventListener("click", () => this.#start());
    $("#turn").addEventListener("click", () => this.#turn());
    document.addEventListener("visibilitychange", () => this.#stayAwake());
    // A reload in the middle of the exam goes on by itself.
    if (sessionStorage.getItem(this.#key)) this.#start();
  }

  get #key() {
    return `phone:${this.link}`;
  }

  async #start() {
    this.#say(null);
    const unsupported = missingSupport();
    if (unsupported) return this.#say(t(`device.${unsupported}`), "bad");
    try {
      this.#stream = await this.#camera();
    } catch (problem) {
      return this.#say(t(problem.name === "NotAllowedError" ? "phone.denied" : "phone.no_camera"), "bad");
    }
    $("#picture").srcObject = this.#stream;
    try {
      this.token = sessionStorage.getItem(this.#key) ?? (await this.#post("open", this.link)).token;
    } catch (problem) {
      return this.#end(problem.code);
    }
    sessionStorage.setItem(this.#key, this.token);
    show($("#start"), false);
    show($("#turn"));
    this.#publisher = new Publisher(this.#stream, () => this.#post("publish-token", this.token), (state, code) => this.#changed(state, code), { final: OVER });
    this.#publisher.start();
    return this.#stayAwake();
  }

  #post(what, token) {
    return call("POST", `/api/v1/second-camera/${what}`, undefined, { headers: { Authorization: `Bearer ${token}` } });
  }

  #camera() {
    return navigator.mediaDevices.getUserMedia({ video: { ...VIDEO, facingMode: { ideal: this.#facing } }, audio: false });
  }

  /** Front or back: the same connection goes on with the other camera. */
  async #turn() {
    this.#facing = this.#facing === "environment" ? "user" : "environment";
    for (const track of this.#stream.getTracks()) track.stop(); // phones open one camera at a time
    try {
      this.#stream = await this.#camera();
    } catch {
      return this.#say(t("phone.no_camera"), "bad");
    }
    $("#picture").srcObject = this.#stream;
    return this.#publisher.replace(this.#stream);
  }

  #changed(state, code) {
    if (state === "refused") this.#end(code);
    else this.#say(t(WORDS[state]), state === "live" ? "ok" : "wait");
  }

  #end(code) {
    this.#publisher?.stop();
    sessionStorage.removeItem(this.#key);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#lock?.release();
    show($("#turn"), false);
    show($("#start"), false);
    const known = { not_in_progress: "phone.over", exam_closed: "phone.over", token_invalid: "phone.replaced", token_expired: "phone.replaced" };
    this.#say(known[code] ? t(known[code]) : problemText(code), known[code] === "phone.over" ? "over" : "bad");
  }

  #say(text, kind = "") {
    const state = $("#phone-state");
    state.className = `phone-state ${kind}`;
    say(state, text ?? "");
    show(state, Boolean(text));
  }

  /** A phone that goes to sleep stops its camera. */
  async #stayAwake() {
    if (document.hidden || !this.#publisher) return;
    this.#lock = await navigator.wakeLock?.request("screen").catch(() => null) ?? null;
  }
}

customElements.define("second-camera", SecondCamera);

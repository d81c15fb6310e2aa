// The student's camera and microphone: opened, looked after, opened again when plugged in anew.
import { $, say, show } from "../dom.js";
import { t } from "../i18n.js";
import { cameras, light, meter, missingSupport, openDevices, openMicrophone } from "./devices.js";
import { mark } from "./steps.js";

/**
 * Fires "open" when there is a picture, "close" before it goes, "failed" (detail: code), "sound" when the
 * microphone was lost or is another one. `silent`: it was lost; the picture is none the worse for it.
 */
export class Camera extends EventTarget {
  stream = null;
  problem = null;
  silent = false;
  #stopMeter = () => {};
  #lightTimer = null;

  constructor(client) {
    super();
    this.client = client;
    $("#camera-choice select").addEventListener("change", (event) => this.check(event.target.value));
  }

  /** The device check, from the start. */
  async check(deviceId) {
    this.close();
    mark("camera", "wait", t("check.asking"));
    mark("microphone", "wait", t("check.waiting"));
    mark("recording", "wait", t("check.waiting"));
    try {
      const { stream, audioProblem } = await openDevices(deviceId);
      this.#opened(stream);
      this.#microphone(audioProblem);
    } catch (problem) {
      this.#failed(problem.code ?? "camera_failed");
      return;
    }
    this.dispatchEvent(new Event("open")); // what follows can wait
    await this.#listCameras();
  }

  /** A camera was plugged in again during the test: go on recording without a click. */
  async reopen() {
    try {
      const { stream } = await openDevices();
      this.close();
      this.#opened(stream);
      this.dispatchEvent(new Event("open"));
    } catch (problem) {
      this.#failed(problem.code ?? "camera_failed");
    }
  }

  close() {
    this.dispatchEvent(new Event("close"));
    this.#stopMeter();
    this.#stopMeter = () => {};
    clearInterval(this.#lightTimer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  #opened(stream) {
    this.stream = stream;
    this.#tell(null);
    for (const video of [$("#preview"), $("#self-video")]) video.srcObject = stream;
    show($("#preview-off"), false);
    const [track] = stream.getVideoTracks();
    mark("camera", "ok", track.label || t("check.camera_on"));
    track.addEventListener("ended", () => this.#failed("camera_lost"));
    // A shutter, a switch on the keyboard, the system's privacy setting: the line lives, the picture not.
    track.addEventListener("mute", () => this.#muted("camera_muted"));
    track.addEventListener("unmute", () => this.#muted(null));
    const [sound] = stream.getAudioTracks();
    if (sound) this.#listen(sound);
    else if (this.silent) this.#awaitMicrophone();
    const canvas = document.createElement("canvas");
    this.#lightTimer = setInterval(() => this.#tellLight(canvas), 1000);
  }

  #tellLight(canvas) {
    const found = $("#preview").checkVisibility() ? light($("#preview"), canvas) : null;
    if (!found) return;
    say($("#light"), t(`check.light.${found}`));
    $("#light").className = `small hint-${found === "good" ? "ok" : "warn"}`;
  }

  #microphone(audioProblem) {
    if (audioProblem) {
      mark("microphone", "warn", t(`device.${audioProblem}`));
      this.client.report("mic_denied", audioProblem);
      return;
    }
    mark("microphone", "ok", this.stream.getAudioTracks()[0].label || t("check.microphone_on"));
    this.client.report("mic_back"); // news only where a check or a page before this one had none
    this.#stopMeter = meter(this.stream, (level) => { $("#level").value = level; });
  }

  /** An unplugged or switched off microphone tells nobody by itself: the picture goes on. */
  #listen(track) {
    track.addEventListener("ended", () => this.#soundLost(track));
    track.addEventListener("mute", () => this.#soundLost(track));
    track.addEventListener("unmute", () => this.#soundBack(track));
    if (!track.muted) this.#soundBack(track);
  }

  #soundLost(track) {
    if (this.silent || !this.stream?.getTracks().includes(track)) return;
    this.silent = true;
    this.client.report("mic_lost");
    mark("microphone", "warn", t("device.mic_lost"));
    this.#awaitMicrophone();
    this.dispatchEvent(new Event("sound"));
  }

  #soundBack(track) {
    if (!this.silent || !this.stream?.getTracks().includes(track)) return;
    this.silent = false;
    this.client.report("mic_back");
    mark("microphone", "ok", track.label || t("check.microphone_on"));
    this.dispatchEvent(new Event("sound"));
  }

  #awaitMicrophone() {
    navigator.mediaDevices.addEventListener("devicechange", () => this.#reopenSound(), { once: true });
  }

  /** Another stream, since what records the old one must not lose a track; the picture's track stays. */
  async #reopenSound() {
    if (!this.silent || !this.stream) return; // reopen() brought both
    const { stream } = this;
    try {
      const sound = await openMicrophone();
      if (!this.silent || this.stream !== stream) return sound.stop();
      for (const track of stream.getAudioTracks()) track.stop();
      this.stream = new MediaStream([...stream.getVideoTracks(), sound]);
      this.#listen(sound);
    } catch {
      this.#awaitMicrophone();
    }
    return undefined;
  }

  async #listCameras() {
    const list = await cameras();
    const select = $("#camera-choice select");
    const current = this.stream.getVideoTracks()[0].getSettings().deviceId;
    select.replaceChildren(...list.map((device, index) => new Option(device.label || t("check.camera_number", { number: index + 1 }), device.deviceId, false, device.deviceId === current)));
    show($("#camera-choice"), list.length > 1);
  }

  #failed(code) {
    this.client.report(code);
    mark("camera", "bad", t(`device.${code}`));
    this.#tell(code);
    this.dispatchEvent(new CustomEvent("failed", { detail: code }));
  }

  #muted(code) {
    this.client.report(code ?? "picture_back");
    this.#tell(code);
    show($("#preview-off"), Boolean(code));
  }

  #tell(code) {
    this.problem = code;
    const box = $("#device-problem");
    show(box, Boolean(code));
    show($("[data-act=retry]"), Boolean(code) && !missingSupport());
    if (!code) return;
    say($("[data-title]", box), t(`device.${code}`));
    say($("[data-help]", box), t(`device.${code}.help`));
    show($("#preview-off"), true);
  }
}

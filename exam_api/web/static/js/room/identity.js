// Face and document photos before the test: from the camera, or the document from a file.
import { $, $$, say, show } from "../dom.js";
import { call } from "../api.js";
import { problemText, t } from "../i18n.js";

const LONGEST = 1280;
const QUALITY = 0.85;

export class IdentityPhotos {
  constructor(sittingId, camera) {
    this.base = `/api/v1/sittings/${sittingId}/identity/`;
    const card = $("#identity");
    if (!card) return;
    for (const button of $$("[data-shoot]", card)) {
      button.addEventListener("click", () => this.#shoot(button.dataset.shoot));
      button.disabled = !camera.stream;
      camera.addEventListener("open", () => { button.disabled = false; });
      camera.addEventListener("close", () => { button.disabled = true; });
    }
    for (const input of $$("input[type=file]", card)) input.addEventListener("change", () => this.#file(input.dataset.file, input.files[0]));
  }

  #shoot(kind) {
    const video = $("#preview");
    if (video.videoWidth) this.#send(kind, video, video.videoWidth, video.videoHeight);
  }

  async #file(kind, file) {
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      await this.#send(kind, picture, picture.width, picture.height);
    } catch {
      this.#tell(kind, problemText("photo_unreadable"), false);
    }
  }

  async #send(kind, source, width, height) {
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    const address = canvas.toDataURL("image/jpeg", QUALITY);
    this.#tell(kind, t("identity.sending"), false);
    try {
      await call("PUT", this.base + kind, { jpeg: address.slice(address.indexOf(",") + 1) }, { timeout: 30000 });
      const picture = $(`[data-photo=${kind}]`);
      picture.src = address;
      show(picture);
      this.#tell(kind, t("identity.kept"), true);
    } catch (problem) {
      this.#tell(kind, problemText(problem.code), false);
    }
  }

  #tell(kind, text, done) {
    const line = $(`[data-told=${kind}]`);
    say(line, text);
    line.className = `small ${done ? "hint-ok" : "hint-warn"}`;
    if (done) say($(`[data-shoot=${kind}]`), t("identity.again"));
  }
}

// Camera and microphone: what is wrong, in codes that have a text in each language.

export const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 15 } };
const AUDIO = { echoCancellation: true, noiseSuppression: false, autoGainControl: true, channelCount: 1 };

export class DeviceProblem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Why this browser cannot take part at all, or null. */
export function missingSupport() {
  if (!window.isSecureContext) return "insecure_origin";
  if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return "no_webrtc";
  return null;
}

const VIDEO_CODES = {
  NotAllowedError: "camera_denied",
  SecurityError: "camera_denied",
  NotFoundError: "no_camera",
  NotReadableError: "camera_busy",
  AbortError: "camera_busy",
  OverconstrainedError: "camera_unsuitable",
};
const AUDIO_CODES = { NotAllowedError: "mic_denied", SecurityError: "mic_denied", NotFoundError: "no_mic", NotReadableError: "mic_busy", AbortError: "mic_busy" };

async function ask(constraints, codes, other) {
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (problem) {
    throw new DeviceProblem(codes[problem.name] ?? other);
  }
}

/**
 * The camera, and the microphone where there is one. Without sound the exam goes on: `audioProblem`
 * says why. Throws DeviceProblem where there is no picture.
 */
export async function openDevices(deviceId) {
  const unsupported = missingSupport();
  if (unsupported) throw new DeviceProblem(unsupported);
  const video = deviceId ? { ...VIDEO, deviceId: { exact: deviceId } } : VIDEO;
  try {
    // One question to the person instead of two.
    return { stream: await navigator.mediaDevices.getUserMedia({ video, audio: AUDIO }), audioProblem: null };
  } catch {
    const stream = await ask({ video }, VIDEO_CODES, "camera_failed");
    try {
      stream.addTrack(await openMicrophone());
      return { stream, audioProblem: null };
    } catch (problem) {
      return { stream, audioProblem: problem.code };
    }
  }
}

/** The microphone alone. Throws DeviceProblem. */
export async function openMicrophone() {
  const [track] = (await ask({ audio: AUDIO }, AUDIO_CODES, "mic_failed")).getAudioTracks();
  return track;
}

export async function cameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput");
}

/** Calls back with the loudness 0..1 some ten times a second. Returns a stop function. */
export function meter(stream, onLevel) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    // -60 dB … -10 dB over the whole bar
    onLevel(Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 50)));
  }, 100);
  return () => {
    clearInterval(timer);
    context.close();
  };
}

/** The picture's light: "dark" | "bright" | "backlit" | "good" — hints only, the server decides nothing by it. */
export function light(video, canvas) {
  if (!video.videoWidth) return null;
  canvas.width = 64;
  canvas.height = 48;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(video, 0, 0, 64, 48);
  const { data } = pen.getImageData(0, 0, 64, 48);
  let [inside, outside, inCount, outCount] = [0, 0, 0, 0];
  for (let y = 0; y < 48; y += 1) {
    for (let x = 0; x < 64; x += 1) {
      const at = (y * 64 + x) * 4;
      const luma = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      if (x > 20 && x < 44 && y > 8 && y < 40) { inside += luma; inCount += 1; } else { outside += luma; outCount += 1; }
    }
  }
  const [face, rest] = [inside / inCount, outside / outCount];
  if (face < 45) return rest > 110 ? "backlit" : "dark";
  if (face > 235) return "bright";
  return rest - face > 90 ? "backlit" : "good";
}

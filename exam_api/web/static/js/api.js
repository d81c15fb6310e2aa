// JSON calls: problem+json becomes an ApiError with its stable code.

export class ApiError extends Error {
  constructor(code, status, { retryable = false } = {}) {
    super(code);
    this.code = code;
    this.status = status;
    this.retryable = retryable;
  }
}

/** The network or the server is away: what was to be sent stays with the caller. */
export class Offline extends ApiError {
  constructor() {
    super("offline", 0, { retryable: true });
  }
}

export async function call(method, path, body, { headers = {}, timeout = 15000, keepalive = false } = {}) {
  const json = body !== undefined && !(body instanceof Blob);
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Accept: "application/json", ...(json ? { "Content-Type": "application/json" } : {}), ...headers },
      body: json ? JSON.stringify(body) : body,
      signal: AbortSignal.timeout(timeout),
      credentials: "same-origin",
      cache: "no-store",
      keepalive,
    });
  } catch {
    throw new Offline();
  }
  return read(answer);
}

async function read(answer) {
  const text = await answer.text().catch(() => "");
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (answer.ok) return value;
  const code = value?.code ?? (answer.status >= 500 ? "unavailable" : "internal");
  throw new ApiError(code, answer.status, { retryable: answer.status >= 500 || answer.status === 429 });
}

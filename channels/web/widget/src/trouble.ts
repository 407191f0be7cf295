/** What can go wrong and has words of its own in `words.ts`. */
export type Code =
  | "insecure"
  | "refused"
  | "no-microphone"
  | "microphone-busy"
  | "unsupported"
  | "unreachable"
  | "lost"
  | "rate-limited"
  | "not-allowed"
  | "expired"
  | "too-long"
  | "not-heard"
  | "slow"
  | "server";

/** Something that a visitor has to be told; `said` are the server's own words for it, if it has any. */
export class Trouble extends Error {
  constructor(
    readonly code: string,
    readonly said = "",
    readonly seconds = 0,
  ) {
    super(code);
  }
}

const BY_STATUS: Record<number, Code> = { 401: "not-allowed", 403: "not-allowed", 413: "too-long", 422: "not-heard", 429: "rate-limited" };

/** The trouble that an HTTP answer means; a page's own token runs out where a key would be refused. */
export function troubleOf(response: Response, byToken: boolean): Trouble {
  const code = BY_STATUS[response.status] ?? "server";
  const seconds = Number(response.headers.get("Retry-After")) || 0;
  return new Trouble(byToken && response.status === 401 ? "expired" : code, "", seconds);
}

const BY_NAME: Record<string, Code> = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "no-microphone",
  OverconstrainedError: "no-microphone",
  NotReadableError: "microphone-busy",
  AbortError: "microphone-busy",
};

/** The trouble that a browser's refusal of a microphone means. */
export function microphoneTrouble(error: unknown): Trouble {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  return new Trouble(BY_NAME[name] ?? "unsupported");
}

const BY_CLOSE: Record<number, Code> = { 1008: "not-allowed", 4401: "expired", 4403: "not-allowed", 4429: "rate-limited", 1013: "rate-limited" };

/** The trouble that a socket closed with this code before it was of any use means. */
export function socketTrouble(close: number): Trouble {
  return new Trouble(BY_CLOSE[close] ?? "unreachable");
}

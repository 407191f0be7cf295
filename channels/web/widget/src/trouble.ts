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

/** Something that a visitor has to be told; `said` are the server's own words, for codes that we have none for. */
export class Trouble extends Error {
  constructor(
    readonly code: string,
    readonly said = "",
  ) {
    super(code);
  }
}

/** The server's codes that a visitor can do something about. */
const BY_CODE: Record<string, Code> = {
  "origin-wrong": "not-allowed",
  "origin-unknown": "not-allowed",
  "token-expired": "expired",
  "token-wrong": "expired",
  "too-many": "rate-limited",
  crowded: "rate-limited",
  "sessions-full": "rate-limited",
  "too-large": "too-long",
  "media-too-large": "too-long",
  "media-too-long": "too-long",
  "media-silent": "not-heard",
  "media-unreadable": "not-heard",
  "not-heard": "not-heard",
};

const BY_STATUS: Record<number, Code> = { 401: "not-allowed", 403: "not-allowed", 413: "too-long", 429: "rate-limited" };

/** The trouble that the server's own code means; what only developers can mend is trouble of the server. */
export function troubleNamed(code: string, status = 0): Trouble {
  return new Trouble(BY_CODE[code] ?? BY_STATUS[status] ?? "server");
}

/** The trouble that an HTTP answer means. */
export async function troubleOf(response: Response): Promise<Trouble> {
  type Problem = { code?: string; error?: { code?: string } };
  const problem = (await response.json().catch(() => ({}))) as Problem;
  return troubleNamed(problem.code ?? problem.error?.code ?? "", response.status);
}

/** Why nothing came back: a browser hides what a server says to a page that it does not want (`otherwise`). */
export async function unheard(api: string, otherwise: Code): Promise<Trouble> {
  const there = await fetch(`${api}/health/live`, { mode: "no-cors" }).then(() => true, () => false);
  return new Trouble(there ? otherwise : "unreachable");
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

/** The trouble that a message of type "error" means: its own words count where the code says nothing to us. */
export function troubleTold(code: string, text: string): Trouble {
  return BY_CODE[code] ? new Trouble(BY_CODE[code]) : new Trouble(code, text);
}

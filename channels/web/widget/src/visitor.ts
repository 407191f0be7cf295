const PLACE = "sawtak-visitor";
let remembered = "";

/** A stable random name of this browser, kept where the page may keep things and else until it is closed. */
export function visitorId(storage: () => Pick<Storage, "getItem" | "setItem"> = () => localStorage): string {
  try {
    const kept = storage().getItem(PLACE);
    if (kept && /^[0-9a-f]{32}$/.test(kept)) return kept;
    remembered ||= fresh();
    storage().setItem(PLACE, remembered);
  } catch {
    // Storage is closed to us (private browsing, a sandboxed frame).
    remembered ||= fresh();
  }
  return remembered;
}

/** Whether this token (a JSON Web Token of ours) says itself whose it is. */
export function namesVisitor(token: string): boolean {
  try {
    const claims = atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    return Boolean((JSON.parse(claims) as { visitor?: string }).visitor);
  } catch {
    return false;
  }
}

function fresh(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

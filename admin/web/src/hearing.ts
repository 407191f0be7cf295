// Fetches a sound that is made for this moment.
import { word } from "./said.js";

export interface Heard {
  sound?: Blob;
  error?: string;
}

/** Sends a form and resolves to the sound that comes back, or to what went wrong in words. */
export async function hearing(address: string, data: FormData): Promise<Heard> {
  const headers = { "X-CSRF-Token": document.body.dataset["csrf"] ?? "", Accept: "application/json, audio/ogg" };
  try {
    const answer = await fetch(address, { method: "POST", headers, body: data });
    if (answer.ok) return { sound: await answer.blob() };
    const told: unknown = await answer.json();
    return { error: (told as { error?: string }).error ?? word("failed") };
  } catch {
    return { error: word("failed") };
  }
}

import type { Ears, State } from "./kinds.js";
import { troubleTold } from "./trouble.js";
import type { Message } from "./wire.js";

/** The server always listens; who opened no microphone is not told so. */
export function heardState(state: State, microphone: MediaStream | null): State {
  return !microphone && (state === "listening" || state === "hearing") ? "idle" : state;
}

/** Pass on what a socket and a data channel tell alike: what was heard, what is answered, and news. */
export function tell(ears: Ears, message: Message): void {
  const { type, turn = 0, final = true } = message;
  const [text, language, code] = [message["text"], message["language"], message["code"]].map((one) => String(one ?? ""));
  const said = { text: text as string, turn: Number(turn), language: language as string };
  if (type === "transcript") ears.transcript({ ...said, final: Boolean(final) });
  else if (type === "answer") ears.answer(said);
  else if (type === "notice") ears.notice(said.text);
  else if (type === "error") ears.failed(troubleTold(code as string, said.text), false);
}

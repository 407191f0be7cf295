import { useEffect, useRef, type CSSProperties, type ReactElement } from "react";
import type { Answer, Failure, Mode, State, Transcript, VoiceMic as Mic, VoiceMicEvents } from "./voice-mic.js";

/** `<voice-mic>`'s attributes and events; `publicKey` is its `key`, which React keeps for itself. */
export interface VoiceMicProps {
  apiUrl?: string;
  publicKey?: string;
  token?: string;
  language?: "ar" | "en" | "auto";
  mode?: Mode;
  avatar?: "none" | "on";
  theme?: "auto" | "light" | "dark";
  placeholder?: string;
  voice?: string;
  name?: string;
  id?: string;
  className?: string;
  style?: CSSProperties;
  onTranscript?: (what: Transcript) => void;
  onResponse?: (what: Answer) => void;
  onError?: (failure: Failure) => void;
  onState?: (state: State) => void;
}

/** Talk to a business's assistant. */
export function VoiceMic(props: VoiceMicProps): ReactElement {
  const { apiUrl, publicKey, className, onTranscript, onResponse, onError, onState, ...same } = props;
  const element = useRef<Mic>(null);
  // Only browsers know custom elements, so the component itself is loaded where effects run.
  useEffect(() => void import("./voice-mic.js"), []);
  useEvent(element, "transcript", onTranscript);
  useEvent(element, "response", onResponse);
  useEvent(element, "error", onError);
  useEvent(element, "state", onState && (({ state }) => onState(state)));
  return <voice-mic ref={element} api-url={apiUrl} public-key={publicKey} class={className} {...same} />;
}

function useEvent<Name extends keyof VoiceMicEvents>(
  element: { current: Mic | null },
  name: Name,
  handler: ((detail: VoiceMicEvents[Name]["detail"]) => void) | undefined,
): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const target = element.current;
    const tell = (event: Event): void => latest.current?.((event as VoiceMicEvents[Name]).detail);
    target?.addEventListener(name, tell);
    return () => target?.removeEventListener(name, tell);
  }, [element, name]);
}

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "voice-mic": React.HTMLAttributes<HTMLElement> & { ref?: React.Ref<Mic>; class?: string | undefined } & Record<string, unknown>;
    }
  }
}

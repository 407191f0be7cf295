import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToStaticMarkup } from "react-dom/server";
import { VoiceMic, type VoiceMicProps } from "../src/react.js";

test("it renders on a server, where there are no custom elements", () => {
  const heard: string[] = [];
  const props: VoiceMicProps = { onTranscript: (what) => heard.push(what.text), onError: ({ code }) => heard.push(code) };
  const html = renderToStaticMarkup(<VoiceMic apiUrl="https://voice.example" publicKey="pk_1" mode="live" className="mine" {...props} />);
  assert.equal(html, '<voice-mic api-url="https://voice.example" public-key="pk_1" class="mine" mode="live"></voice-mic>');
});

test("its types refuse what the component does not know", () => {
  // @ts-expect-error there is no such mode
  const wrong: VoiceMicProps = { mode: "shout" };
  assert.ok(wrong);
});

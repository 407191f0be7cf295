// Notes what a visitor of a page hears and sees, and when, in milliseconds of the page's clock.
(() => {
  const note = { events: [], heard: [], seen: [], box: null };
  window.witness = { note, sound, pictures };

  for (const name of ["transcript", "response", "error", "state"])
    addEventListener(name, ({ detail }) => note.events.push({ at: performance.now(), name, detail }));

  async function listen(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    const pieces = [];
    note.heard.push(pieces);
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      const loud = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      pieces.push({ stamp: value.timestamp / 1000, rate: value.sampleRate, loud, samples });
      value.close();
    }
  }

  // Everything that Web Audio gives to the loudspeaker.
  const connect = AudioNode.prototype.connect;
  const copies = new WeakMap();
  AudioNode.prototype.connect = function (to, ...more) {
    if (to === this.context.destination) {
      let copy = copies.get(this.context);
      if (!copy) {
        copies.set(this.context, (copy = this.context.createMediaStreamDestination()));
        listen(copy.stream.getAudioTracks()[0]);
      }
      connect.call(this, copy);
    }
    return connect.call(this, to, ...more);
  };

  // Everything that elements play.
  const attended = new WeakSet();
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.srcObject) attend(this);
    if (!attended.has(this)) {
      attended.add(this);
      this.addEventListener("playing", () => attend(this));
      if (this instanceof HTMLVideoElement) this.requestVideoFrameCallback((now, frame) => look(this, frame));
    }
    return play.call(this);
  };

  const known = new WeakSet();
  function attend(element) {
    // What comes from another origin can't be listened to.
    if (element.src.startsWith("http") && !element.src.startsWith(location.origin)) return;
    for (const track of (element.srcObject ?? element.captureStream()).getAudioTracks()) {
      if (known.has(track)) continue;
      known.add(track);
      listen(track);
    }
  }

  const canvas = new OffscreenCanvas(1, 1);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  function look(video, { expectedDisplayTime, presentedFrames }) {
    const { videoWidth, videoHeight } = video;
    const one = { at: expectedDisplayTime, number: presentedFrames, width: videoWidth, height: videoHeight, rgba: null };
    if (note.box) {
      const [left, top, width, height] = note.box;
      if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
      pen.drawImage(video, left, top, width, height, 0, 0, width, height);
      one.rgba = pen.getImageData(0, 0, width, height).data;
    }
    note.seen.push(one);
    video.requestVideoFrameCallback((now, frame) => look(video, frame));
  }

  function text(bytes) {
    let said = "";
    for (let at = 0; at < bytes.length; at += 0x8000) said += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(said);
  }

  // What was heard of the source that began last: its samples, and when each of its pieces was.
  function sound() {
    const pieces = note.heard.at(-1);
    const samples = new Int16Array(pieces.reduce((sum, { samples }) => sum + samples.length, 0));
    let filled = 0;
    for (const piece of pieces) for (const one of piece.samples) samples[filled++] = 32767 * one;
    const stamps = pieces.map(({ stamp, samples }) => [stamp, samples.length]);
    return { rate: pieces[0].rate, stamps, pcm: text(new Uint8Array(samples.buffer)) };
  }

  // When which pictures were seen, with what was in the box.
  function pictures() {
    return note.seen.filter(({ rgba }) => rgba).map(({ at, width, rgba }) => ({ at, width, rgba: text(rgba) }));
  }
})();

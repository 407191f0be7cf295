import assert from "node:assert/strict";
import { test } from "node:test";
import { Resampler, toPcm16 } from "../src/resample.js";

const SECOND = 1;

function tone(rate: number, pitch: number): Float32Array {
  return Float32Array.from({ length: rate * SECOND }, (_, i) => 0.5 * Math.sin((2 * Math.PI * pitch * i) / rate));
}

function inBlocks(resampler: Resampler, input: Float32Array, size: number): Float32Array {
  const out: number[] = [];
  for (let at = 0; at < input.length; at += size) out.push(...resampler.push(input.subarray(at, at + size)));
  return Float32Array.from(out);
}

function loudness(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
}

for (const rate of [8_000, 16_000, 22_050, 44_100, 48_000, 96_000]) {
  test(`a voice at ${rate} Hz is the same at 16 kHz`, () => {
    const out = inBlocks(new Resampler(rate, 16_000), tone(rate, 1_000), 128);
    assert.ok(Math.abs(out.length - 16_000) < 40, `${out.length} samples`);
    const wanted = tone(16_000, 1_000);
    const error = out.slice(100, 15_000).map((one, i) => one - (wanted[i + 100] ?? 0));
    assert.ok(loudness(error) < 0.002, `error ${loudness(error)}`);
  });
}

test("what 16 kHz cannot carry is not folded into the voice", () => {
  const out = inBlocks(new Resampler(48_000, 16_000), tone(48_000, 10_000), 128);
  assert.ok(loudness(out.slice(200)) < 0.001, `${loudness(out.slice(200))}`);
});

test("blocks of any size give the same samples", () => {
  const input = tone(44_100, 700);
  const [small, large] = [127, 4096].map((size) => inBlocks(new Resampler(44_100, 16_000), input, size));
  const shared = Math.min(small?.length ?? 0, large?.length ?? 0);
  assert.ok(shared > 15_900);
  assert.deepEqual(small?.slice(0, shared), large?.slice(0, shared));
});

test("samples beyond full scale are cut, not wrapped", () => {
  assert.deepEqual([...toPcm16(Float32Array.of(0, 1, -1, 2, -2, 0.5))], [0, 32767, -32767, 32767, -32767, 16384]);
});

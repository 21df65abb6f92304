import { expect, test } from "vitest";
import type { Overview } from "../overview";
import { LiveStreams, liveStream } from "./live-stream";

function opened() {
  const time = { at: 0 };
  let tell: (figures: Overview) => void = () => undefined;
  const state = { listeners: 0, ended: 0 };
  const stream = liveStream({
    listen: (listener) => {
      tell = listener;
      state.listeners += 1;
      return () => {
        state.listeners -= 1;
      };
    },
    now: () => time.at,
    ended: () => {
      state.ended += 1;
    },
  });
  let told = 0;
  const tick = (ms = 400) => {
    time.at += ms;
    told += 1;
    // A stream reads only the time of the figures and passes on the rest.
    const figures: unknown = { at: new Date(time.at).toISOString(), told };
    if (isFigures(figures)) tell(figures);
  };
  return { stream, tick, state, reader: stream.events.getReader() };
}

function isFigures(value: unknown): value is Overview {
  return typeof value === "object";
}

const textOf = (read: ReadableStreamReadResult<Uint8Array>) => new TextDecoder().decode(read.value);

test("a reader that stands still is kept one event, and then gets all that has changed in one", async () => {
  const { tick, reader } = opened();
  for (let told = 0; told < 50; told++) tick();
  expect(textOf(await reader.read())).toContain('"told":1}');
  tick();
  expect(textOf(await reader.read())).toContain("51");
});

test("one that takes nothing for half a minute loses its stream, and is not listened for any more", async () => {
  const { tick, reader, state } = opened();
  for (let told = 0; told < 100; told++) tick();
  expect(state).toEqual({ listeners: 0, ended: 1 });
  await reader.read();
  expect((await reader.read()).done).toBe(true);
});

test("one that leaves, or is ended from outside, ends once", async () => {
  const left = opened();
  await left.reader.cancel();
  left.stream.end();
  expect(left.state).toEqual({ listeners: 0, ended: 1 });
  const told = opened();
  told.stream.end();
  told.stream.end();
  expect(told.state).toEqual({ listeners: 0, ended: 1 });
  expect((await told.reader.read()).done).toBe(true);
});

test("an operator has sixteen streams at most: the oldest makes room, and nobody else's", () => {
  const streams = new LiveStreams();
  const ended: string[] = [];
  const open = (name: string, stream: number) => {
    const off = streams.add(name, () => {
      ended.push(`${name} ${stream}`);
      off();
    });
  };
  open("bob", 1);
  for (let stream = 1; stream <= 18; stream++) open("ann", stream);
  expect(ended).toEqual(["ann 1", "ann 2"]);
});

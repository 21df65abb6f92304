import { expect, test } from "vitest";
import { traceContext } from "./trace-context";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const parent = `00-${TRACE}-${SPAN}-01`;

const passed = (headers: Readonly<Record<string, string>>) => traceContext((name) => headers[name]);

test("a sound trace context passes unchanged, with its state and nothing else", () => {
  const headers = { traceparent: parent, tracestate: "vendor=a,other=b", baggage: "user=mia", cookie: "x" };
  expect(passed(headers)).toEqual({ traceparent: parent, tracestate: "vendor=a,other=b" });
  expect(passed({ traceparent: parent })).toEqual({ traceparent: parent });
  const later = `01-${TRACE}-${SPAN}-01-more`;
  expect(passed({ traceparent: later })).toEqual({ traceparent: later });
});

test.each([
  ["nothing", ""],
  ["version ff", `ff-${TRACE}-${SPAN}-01`],
  ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["a parent of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["capitals", parent.toUpperCase()],
  ["more than version 00 has", `${parent}-more`],
  ["a line break", `${parent}\r\nx: y`],
  ["two of them", `${parent}, ${parent}`],
  ["a long one", `01-${TRACE}-${SPAN}-01-${"x".repeat(300)}`],
])("%s is dropped whole", (_what, value) => {
  expect(passed({ traceparent: value, tracestate: "vendor=a" })).toEqual({});
});

test("a state that is not sound is dropped alone", () => {
  for (const state of ["", "a\nb", "é=1", "x".repeat(513)])
    expect(passed({ traceparent: parent, tracestate: state })).toEqual({ traceparent: parent });
});

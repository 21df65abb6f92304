import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { MemoryAdmission } from "../memory/memory";
import { admissionSuite } from "../suites/admission.suite";
import { lawSuite } from "../suites/law.suite";
import { modelsSuite } from "../suites/models.suite";
import { toldSuite } from "../suites/told.suite";
import { Line } from "./line";
import { admissionMethods, RemoteAdmission } from "./remote-admission";
import { method, servePort } from "./serve-port";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-port-"));
const closing: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  fs.rmSync(folder, { recursive: true, force: true });
});

let serial = 0;
const freshPath = () => path.join(folder, `${serial++}.sock`);

/** The in-process implementation behind a socket. */
async function overSocket(clock: { now(): number }): Promise<RemoteAdmission> {
  const at = freshPath();
  const served = await servePort(at, admissionMethods(new MemoryAdmission(clock)));
  const line = new Line(at);
  closing.push(line.close.bind(line), served.close);
  return new RemoteAdmission((name, argument, options) => line.ask(name, argument, options));
}

admissionSuite("over a local socket", overSocket);
// The implementation behind it has its own two thousand cases: these test the way there.
toldSuite("over a local socket", overSocket, 200);
lawSuite("over a local socket", overSocket, 40);
modelsSuite("over a local socket", overSocket, 20);

test("only this user may use the socket", async () => {
  const at = freshPath();
  closing.push((await servePort(at, {})).close);
  expect(fs.statSync(at).mode & 0o777).toBe(0o600);
});

test("numbers without a word in JSON arrive as they are", async () => {
  const at = freshPath();
  closing.push((await servePort(at, { echo: method(async (value: unknown) => value) })).close);
  const line = new Line(at);
  closing.push(() => line.close());
  const odd = { never: Number.POSITIVE_INFINITY, minus: -0, nothing: undefined, big: 9e15 };
  expect(await line.ask("echo", odd)).toStrictEqual(odd);
});

test("a method that fails, or does not exist, rejects under its own name; the line goes on", async () => {
  const at = freshPath();
  const away = Object.assign(new Error("no answer"), { name: "StoreUnavailable" });
  const methods = { fails: method(async () => Promise.reject(away)), works: method(async () => 1) };
  closing.push((await servePort(at, methods)).close);
  const line = new Line(at);
  closing.push(() => line.close());
  await expect(line.ask("fails", null)).rejects.toMatchObject({ name: "StoreUnavailable", message: "no answer" });
  await expect(line.ask("is not", null)).rejects.toThrow('nothing answers to "is not"');
  await expect(line.ask("hasOwnProperty", null)).rejects.toThrow("nothing answers");
  expect(await line.ask("works", null)).toBe(1);
});

test("asks that run when the other end dies reject at once, later ones wait until it is back", async () => {
  const at = freshPath();
  const never = method(() => new Promise(() => undefined));
  const first = await servePort(at, { never });
  const line = new Line(at);
  closing.push(() => line.close());
  const lost = line.ask("never", null, { timeoutMs: 60_000 });
  await line.connected(15_000);
  await Promise.all([
    expect(lost).rejects.toMatchObject({ name: "StoreUnavailable", reason: "connection" }),
    first.close(),
  ]);
  const later = line.ask("back", null, { timeoutMs: 60_000 });
  closing.push((await servePort(at, { back: method(async () => "yes") })).close);
  expect(await later).toBe("yes");
});

test("an ask that nobody answers rejects when its time is over", async () => {
  const line = new Line(freshPath());
  await expect(line.ask("any", null, { timeoutMs: 1 })).rejects.toMatchObject({ name: "StoreUnavailable" });
  const at = freshPath();
  closing.push((await servePort(at, { never: method(() => new Promise(() => undefined)) })).close);
  const mute = new Line(at);
  closing.push(() => mute.close());
  await mute.connected(15_000);
  await expect(mute.ask("never", null, { timeoutMs: 1 })).rejects.toMatchObject({ reason: "timeout" });
});

test("bytes that are no frame end their connection and nothing else", async () => {
  const at = freshPath();
  closing.push((await servePort(at, { works: method(async () => 1) })).close);
  const { connect } = await import("node:net");
  const stranger = connect(at);
  const ended = new Promise((resolve) => stranger.once("close", resolve));
  stranger.write("GET / HTTP/1.1\r\n\r\n");
  await ended;
  const line = new Line(at);
  closing.push(() => line.close());
  expect(await line.ask("works", null)).toBe(1);
});

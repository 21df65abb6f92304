import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { container } from "./container.mjs";
import { builder, buildImage, done, isBuilt, unpacked } from "./image.mjs";

// `npm run container`: builds the image and runs it, on a machine without a container engine. As root, on Debian:
// apt-get install --no-install-recommends buildah debootstrap runc. BASE=… uses your base image instead of making one.
// KEEP=folder keeps the image there, and reuses an existing one.

const READY_MS = 60_000;
const STREAM_TOKENS = 64;
let passed = 0;
let failed = 0;

async function check(title, work) {
  // An idle connection of the previous check may have been closed meanwhile.
  await new Promise((resolve) => setImmediate(resolve));
  try {
    const figure = await work();
    passed += 1;
    process.stdout.write(`✓ ${title}${figure === undefined ? "" : `: ${figure}`}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`✗ ${title}\n${error.message}${error.cause === undefined ? "" : `: ${error.cause}`}\n`);
  }
}

async function ready(one) {
  let code;
  void one.ended.then((ended) => (code = ended));
  for (const began = Date.now(); Date.now() - began < READY_MS; ) {
    if (code !== undefined) throw new Error(`it ended with ${code}:\n${one.output().slice(-2000)}`);
    const answer = await fetch(`${one.baseUrl}/api/readyz`).catch(() => null);
    if (answer?.ok) return Date.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not ready:\n${one.output().slice(-2000)}`);
}

function demo(one) {
  return JSON.parse(fs.readFileSync(path.join(one.data, "demo.json"), "utf8"));
}

function chat(one, body) {
  return fetch(`${one.baseUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${demo(one).keys.enterprise}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "sim-small", messages: [{ role: "user", content: "hello" }], ...body }),
  });
}

async function inspected(image) {
  await check("the image names its user, its entry point, its volume, its port and its health check", () => {
    const { User, Entrypoint, Volumes, ExposedPorts, Healthcheck } = image.config;
    assert.deepEqual(
      { User, Entrypoint, volumes: Object.keys(Volumes), ports: Object.keys(ExposedPorts), kind: Healthcheck.Test[0] },
      {
        User: "10001:10001",
        Entrypoint: ["node", "scripts/start.mjs"],
        volumes: ["/data"],
        ports: ["3000/tcp"],
        kind: "CMD",
      },
    );
  });
  await check("it has no tests, no tools of development, no .git and no settings", () => {
    const within = fs.readdirSync(path.join(image.rootfs, "app"));
    const unwanted = [".git", ".env", ".data", "e2e", "bench", "docs", "deploy"];
    assert.deepEqual(
      within.filter((name) => unwanted.includes(name)),
      [],
    );
    for (const name of ["vitest", "typescript", "@playwright/test"])
      assert.ok(!fs.existsSync(path.join(image.rootfs, "app/node_modules", name)), name);
    return `${done("du", ["-sm", path.join(image.rootfs, "app")]).split("\t")[0]} MB in /app`;
  });
}

async function whole(image, folder) {
  const one = await container(image, folder);
  await check("it starts with its own PostgreSQL, unprivileged, on a root that it cannot write", async () => {
    const took = await ready(one);
    const status = one.exec("cat", "/proc/1/status");
    for (const line of [/^Uid:\t10001\t10001/m, /^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m])
      assert.match(status, line);
    assert.throws(() => one.exec("touch", "/app/x"), /Read-only file system/);
    return `ready after ${took} ms`;
  });
  await check("its health check succeeds inside of it", () => {
    one.exec(...image.config.Healthcheck.Test.slice(1));
  });
  await check("a call is admitted and answered, and `spillway export` in it writes the configuration", async () => {
    const answer = await chat(one, { max_tokens: 16 });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /water/);
    assert.equal((await fetch(`${one.baseUrl}/sign-in`)).status, 200);
    // Last: while it runs, this process cannot see that the server closes idle connections.
    assert.match(one.exec("node", "scripts/config.mjs", "export"), /^spillway: config\/1$/m);
  });
  await check("SIGTERM to process 1 lets a running stream end, and it exits with 0", async () => {
    const answer = await chat(one, { stream: true, max_tokens: STREAM_TOKENS });
    assert.equal(answer.status, 200);
    const began = Date.now();
    one.signal("TERM");
    assert.match(await answer.text(), /data: \[DONE\]/);
    assert.equal(await one.ended, 0, one.output().slice(-2000));
    return `after ${Date.now() - began} ms`;
  });
  await check("a new container on the same volume has the same keys and books", async () => {
    const next = await container(image, folder, { data: one.data });
    await ready(next);
    const operator = { headers: { authorization: `Bearer ${demo(next).operatorToken}` } };
    const { rows } = await (await fetch(`${next.baseUrl}/api/admin/ledger?tenant=enterprise`, operator)).json();
    assert.equal(rows.length, 2);
    assert.equal((await chat(next, { max_tokens: 16 })).status, 200);
    next.signal("TERM");
    assert.equal(await next.ended, 0);
  });
}

async function faults(image, folder) {
  await check("a wrong setting ends it with 1 and a line that names it", async () => {
    const one = await container(image, folder, { env: { DRAIN_SECONDS: "soon" } });
    assert.equal(await one.ended, 1);
    assert.match(one.output(), /DRAIN_SECONDS/);
  });
  await check("a store that does not answer ends it with 1 and a line that names it", async () => {
    const one = await container(image, folder, { env: { REDIS_URL: "redis://127.0.0.1:1" } });
    assert.equal(await one.ended, 1);
    assert.match(one.output(), /REDIS_URL: no Redis answers/);
  });
  await check("a volume that it cannot write ends it with 1 and a line that names it", async () => {
    const data = path.join(folder, "of-root");
    fs.mkdirSync(data, { mode: 0o755 });
    const one = await container(image, folder, { data });
    assert.equal(await one.ended, 1);
    assert.match(one.output(), /DATA_DIR.*\/data/);
  });
}

const keep = process.env.KEEP ?? null;
const folder = keep ?? fs.mkdtempSync(path.join(os.tmpdir(), "spillway-container-"));
fs.mkdirSync(folder, { recursive: true });
// The unprivileged user must pass through it.
fs.chmodSync(folder, 0o755);
try {
  const made = builder(folder);
  if (!isBuilt(made)) {
    const began = Date.now();
    buildImage(made, folder, process.env.BASE ?? null);
    process.stdout.write(`built in ${Math.round((Date.now() - began) / 1000)} s\n`);
  }
  const image = unpacked(made);
  const containers = path.join(folder, "containers");
  fs.rmSync(containers, { recursive: true, force: true });
  fs.mkdirSync(containers);
  await inspected(image);
  await whole(image, containers);
  await faults(image, containers);
} catch (error) {
  failed += 1;
  process.stdout.write(`✗ ${error.message}\n`);
} finally {
  if (keep === null) fs.rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

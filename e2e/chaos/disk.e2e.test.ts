import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

const STREAMS = 20;
const JOURNAL_KB = 1024;

/** A file system of its own for the journal needs the right to mount one. */
const canMount = process.platform === "linux" && process.getuid?.() === 0 && mounts();
if (!canMount) process.stderr.write("skipped: a full disk under the journal, as this user may not mount a tmpfs\n");

function mounts(): boolean {
  const folder = fs.mkdtempSync("/tmp/spillway-mount-");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(folder);
  }
}

describe.runIf(canMount)("the disk under the journal", () => {
  let spillway: Spillway;
  let provider: Provider;
  const journal = () => path.join(spillway.dataDir, "journal");
  const filler = () => path.join(journal(), "filler");
  const key = () => spillway.demo.keys.enterprise;
  beforeAll(async () => {
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-disk-"));
    const folder = path.join(dataDir, "journal");
    fs.mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${JOURNAL_KB}k,mode=0700`, "tmpfs", folder]);
    [spillway, provider] = await Promise.all([Spillway.run({ LEASE_SECONDS: "1" }, { dataDir }), Provider.run()]);
    await provider.serve(spillway);
  });
  afterAll(async () => {
    await spillway.kill("SIGTERM");
    execFileSync("umount", ["-l", journal()]);
    await spillway.stop();
    await provider.stop();
  });

  /** Leaves not a byte on it. */
  function fill(): void {
    const descriptor = fs.openSync(filler(), "a");
    try {
      for (;;) fs.writeSync(descriptor, Buffer.alloc(4096));
    } catch (error) {
      expect(String(error)).toContain("ENOSPC");
    } finally {
      fs.closeSync(descriptor);
    }
  }

  const slots = async () =>
    (await spillway.quota(key())).find((limit) => limit.name === "concurrent-calls")?.used ?? Number.NaN;
  const rows = async (ids: readonly string[]) =>
    (await spillway.ledger("enterprise")).rows.filter((row) => ids.includes(row.requestId));
  const idOf = (answer: Response) => answer.headers.get("x-request-id") ?? "";
  /** Sends until the journal takes no call more, and returns those that it took. */
  async function sendUntilRefused(): Promise<string[]> {
    const taken: string[] = [];
    const refused = await until("a call to be refused", async () => {
      const answer = await spillway.chat(key());
      if (answer.status === 200) taken.push(idOf(answer));
      return answer.status !== 200 && answer;
    });
    expect([refused.status, (await refused.json()).error.code]).toEqual([503, "limiter_unavailable"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    return taken;
  }

  test("is full: running calls end and are booked, new ones are refused and hold nothing, until there is room", async () => {
    await provider.play({ tokenMs: 20, outputTokens: 40, times: STREAMS });
    const running = await Promise.all(Array.from({ length: STREAMS }, () => spillway.chat(key(), { stream: true })));
    fill();
    await sendUntilRefused();
    for (const text of await Promise.all(running.map((one) => one.text())))
      expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
    await until("every row", async () => (await rows(running.map(idOf))).length === STREAMS);
    for (const row of await rows(running.map(idOf)))
      expect(row.outputTokens).toBe((await provider.billOf(row.requestId)).outputTokens);
    expect(await slots()).toBe(0);
    fs.rmSync(filler());
    await until("a call to be served again", async () => (await spillway.chat(key())).status === 200);
  });

  test("is full when calls end, the database is away and kill -9 comes: each is booked as it ended", async () => {
    await provider.play({ tokenMs: 20, outputTokens: 40, times: STREAMS });
    const running = await Promise.all(Array.from({ length: STREAMS }, () => spillway.chat(key(), { stream: true })));
    fill();
    const more = await sendUntilRefused();
    const postgres = Number(
      fs.readFileSync(path.join(spillway.dataDir, "postgres", "cluster", "postmaster.pid"), "utf8").split("\n")[0],
    );
    const parts = [...children(postgres), postgres];
    for (const pid of parts) process.kill(pid, "SIGSTOP");
    for (const text of await Promise.all(running.map((one) => one.text())))
      expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
    await spillway.kill("SIGKILL");
    for (const pid of parts) process.kill(pid, "SIGCONT");
    await spillway.restart();
    const ids = [...running.map(idOf), ...more];
    const booked = await rows(ids);
    expect(booked).toHaveLength(ids.length);
    for (const row of booked) {
      const { outputTokens } = await provider.billOf(row.requestId);
      expect(row).toMatchObject({ ending: "complete", outputTokens });
    }
    expect(await slots()).toBe(0);
    fs.rmSync(filler());
  });
});

function children(pid: number): number[] {
  const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

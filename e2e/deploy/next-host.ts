import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { endsWithUs, freePort, root, until } from "../fixtures/process";

/** Node's own guard: whatever is written outside of this folder throws. Its flags differ from release to release. */
function readOnlyBut(folder: string): readonly string[] {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const flag = major >= 24 ? "--permission" : "--experimental-permission";
  const more = [...(major >= 24 ? ["--allow-addons"] : []), ...(major >= 25 ? ["--allow-net"] : [])];
  return [flag, "--allow-fs-read=*", `--allow-fs-write=${folder}`, ...more];
}

/** Plain `next start` as a serverless host runs it: no server of ours, and nothing that may be written but one folder below /tmp. */
export class NextHost {
  readonly baseUrl: string;
  readonly tmp: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #exited: Promise<number | null> = Promise.resolve(null);
  #output = "";

  private constructor(baseUrl: string, tmp: string, env: Readonly<Record<string, string>>) {
    this.baseUrl = baseUrl;
    this.tmp = tmp;
    this.#env = env;
  }

  static async make(env: Readonly<Record<string, string>>): Promise<NextHost> {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const tmp = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-function-"));
    return new NextHost(baseUrl, tmp, { PUBLIC_URL: baseUrl, ...env });
  }

  get output(): string {
    return this.#output;
  }

  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Starts it with an empty /tmp, as a new machine has. */
  start(): void {
    fs.rmSync(this.tmp, { recursive: true, force: true });
    fs.mkdirSync(this.tmp);
    const { port } = new URL(this.baseUrl);
    const next = ["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", port];
    const child = endsWithUs(
      spawn(process.execPath, [...readOnlyBut(this.tmp), ...next], {
        cwd: root,
        env: {
          PATH: process.env.PATH ?? "",
          NODE_ENV: "production",
          NODE_NO_WARNINGS: "1",
          HOST_KIND: "serverless",
          DATA_DIR: path.join(this.tmp, "spillway"),
          TMPDIR: this.tmp,
          ...this.#env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    child.stdout.on("data", (chunk) => (this.#output += chunk));
    child.stderr.on("data", (chunk) => (this.#output += chunk));
    this.#exited = new Promise((resolve) => child.once("exit", resolve));
    this.#child = child;
  }

  async run(): Promise<void> {
    this.start();
    await until("the host", async () => (await fetch(`${this.baseUrl}/v1/models`)).status === 401, 60_000);
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    fs.rmSync(this.tmp, { recursive: true, force: true });
  }

  chat(key: string, body: Readonly<Record<string, unknown>> = {}, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.baseUrl}/v1/chat/completions`, {
      method: "POST",
      ...init,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "sim-small",
        max_tokens: 64,
        messages: [{ role: "user", content: "hi" }],
        ...body,
      }),
    });
  }

  /** An operator's request with the token. Throws when it is refused. */
  admin = async <Answer = Record<string, unknown>>(method: string, to: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${this.baseUrl}/api/admin/${to}`, {
      method,
      headers: { authorization: `Bearer ${this.#env.OPERATOR_TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${to}: ${response.status} ${await response.text()}`);
    return response.json();
  };

  async cron(job: string, secret = this.#env.CRON_SECRET): Promise<{ status: number; jobs: Record<string, string> }> {
    const headers = { authorization: `Bearer ${secret}` };
    const response = await fetch(`${this.baseUrl}/api/cron/${job}`, { headers });
    const { jobs = {} } = await response.json();
    return { status: response.status, jobs };
  }
}

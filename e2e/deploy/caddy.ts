import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { endsWithUs, freePort, root } from "../fixtures/process";

const BINARY = process.env.CADDY ?? "/usr/bin/caddy";

/** Why Caddy cannot be tried here; null = it can. */
export const NO_CADDY = fs.existsSync(BINARY) && fs.existsSync("/usr/bin/openssl") ? null : "Caddy is not installed";

/** The published Caddyfile in front of an address, with a port and a certificate of its own. */
export class Caddy {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ReturnType<typeof spawn>;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    const args = ["run", "--adapter", "caddyfile", "--config", path.join(folder, "Caddyfile")];
    this.#child = endsWithUs(spawn(BINARY, args, { stdio: "ignore", env }));
  }

  static async before(target: string): Promise<Caddy> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-caddy-"));
    const [port, plainPort] = [await freePort(), await freePort()];
    const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    // Unlike nginx it reads the names that a certificate is for.
    const names = ["-subj", "/CN=llm.example.com", "-addext", "subjectAltName=DNS:llm.example.com"];
    const made = ["req", "-x509", ...names, "-days", "2", "-nodes", "-newkey", "rsa:2048"];
    execFileSync("/usr/bin/openssl", [...made, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const published = fs.readFileSync(path.join(root, "deploy/proxy/Caddyfile"), "utf8");
    const own = published
      .replace(/^llm\.example\.com \{$/m, `llm.example.com:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`)
      .replaceAll("127.0.0.1:3000", target);
    const globals = `{\n\tadmin off\n\tauto_https disable_redirects\n\thttp_port ${plainPort}\n\thttps_port ${port}\n}\n`;
    fs.writeFileSync(path.join(folder, "Caddyfile"), globals + own);
    return new Caddy(port, folder);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await ended;
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

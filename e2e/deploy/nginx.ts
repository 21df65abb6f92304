import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { endsWithUs, freePort, root } from "../fixtures/process";

const BINARY = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((file) => fs.existsSync(file)) ?? null;
const OPENSSL = fs.existsSync("/usr/bin/openssl");

/** Why nginx cannot be tried here; null = it can. */
export const NO_NGINX = BINARY === null || !OPENSSL ? "nginx and openssl are not installed" : null;

/** The published configuration in front of an address, with ports and a certificate of its own. */
export class Nginx {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ReturnType<typeof spawn>;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    const child = spawn(BINARY ?? "", ["-p", folder, "-c", path.join(folder, "nginx.conf")], { stdio: "inherit" });
    this.#child = endsWithUs(child);
  }

  static async before(target: string): Promise<Nginx> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-nginx-"));
    const [port, plainPort] = [await freePort(), await freePort()];
    const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=llm.example.com", "-days", "2", "-nodes", "-newkey", "rsa:2048"];
    execFileSync("/usr/bin/openssl", ["req", "-x509", ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const published = fs.readFileSync(path.join(root, "deploy/proxy/nginx.conf"), "utf8");
    const own = published
      .replaceAll(/^\s*listen \[::\].*$/gm, "")
      .replaceAll("listen 443", `listen 127.0.0.1:${port}`)
      .replaceAll("listen 80", `listen 127.0.0.1:${plainPort}`)
      .replaceAll("127.0.0.1:3000", target)
      .replace(/ssl_certificate .*;/, `ssl_certificate ${cert};`)
      .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((one) => `${one}_temp_path ${folder};`);
    // A worker of root's would become "nobody", who may not read the folder.
    const user = process.getuid?.() === 0 ? "user root;" : "";
    fs.writeFileSync(
      path.join(folder, "nginx.conf"),
      `daemon off; ${user} pid ${folder}/pid; error_log stderr error; worker_processes 1; events {}
       http { access_log off; ${temporary.join(" ")}\n${own}\n}`,
    );
    return new Nginx(port, folder);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await ended;
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

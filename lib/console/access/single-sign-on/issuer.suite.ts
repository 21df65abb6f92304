import { generateKeyPairSync, sign } from "node:crypto";
import http from "node:http";

/** What the issuer says of the next person. */
type Next = {
  readonly claims: Record<string, unknown>;
  /** "forged" = signed by somebody else's key */
  readonly signed?: "well" | "not" | "forged" | "absent";
  /** the answer of the userinfo endpoint: claims, or its status */
  readonly userinfo?: Record<string, unknown> | number;
};

const ALGORITHM = "RS256";

/** An OpenID Connect issuer on loopback that signs, or does not sign, whatever a test says. */
export class WrittenIssuer {
  next: Next = { claims: {} };
  nonce = "";
  readonly url: string;
  readonly #server: http.Server;

  private constructor(server: http.Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async run(): Promise<WrittenIssuer> {
    const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const server = http.createServer((request, response) => {
      const answer = issuer.#answer(request.url ?? "", keys, foreign.privateKey);
      response.writeHead(typeof answer === "number" ? answer : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const at = server.address();
        resolve(typeof at === "object" && at !== null ? at.port : 0);
      });
    });
    const issuer = new WrittenIssuer(server, `http://127.0.0.1:${port}`);
    return issuer;
  }

  #answer(path: string, own: ReturnType<typeof generateKeyPairSync>, foreign: typeof own.privateKey): unknown {
    switch (path) {
      case "/.well-known/openid-configuration":
        return {
          ...{ issuer: this.url, jwks_uri: `${this.url}/keys`, userinfo_endpoint: `${this.url}/me` },
          ...{ authorization_endpoint: `${this.url}/auth`, token_endpoint: `${this.url}/token` },
          id_token_signing_alg_values_supported: [ALGORITHM, "none"],
        };
      case "/keys":
        return { keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: ALGORITHM }] };
      case "/token": {
        const token = this.#token(this.next.signed === "forged" ? foreign : own.privateKey);
        return { access_token: "a", token_type: "Bearer", ...(token === null ? {} : { id_token: token }) };
      }
      case "/me":
        return this.next.userinfo ?? 500;
      default:
        return 404;
    }
  }

  #token(key: Parameters<typeof sign>[2]): string | null {
    const { signed = "well", claims } = this.next;
    if (signed === "absent") return null;
    const seconds = Math.floor(Date.now() / 1000);
    const header = signed === "not" ? { alg: "none" } : { alg: ALGORITHM, kid: "1" };
    const body = { iss: this.url, aud: "client", iat: seconds, exp: seconds + 300, nonce: this.nonce, ...claims };
    const text = [header, body].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${signed === "not" ? "" : sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

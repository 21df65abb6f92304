import net from "node:net";

/** What a line does with the bytes that come along it. */
export type Line =
  | { readonly kind: "passes" }
  /** each piece of an answer comes so much later */
  | { readonly kind: "slow"; readonly ms: number }
  /** connections are taken, and nothing goes through them either way */
  | { readonly kind: "mute" }
  /** what is asked arrives and is done; the answer is lost, and then the connection */
  | { readonly kind: "swallows answers" }
  /** connections are reset as soon as they are made */
  | { readonly kind: "cut" };

/** A line to a server on loopback that can be made bad while connections run. */
export class BadLine {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #line: Line = { kind: "passes" };

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async before(targetPort: number): Promise<BadLine> {
    const server = net.createServer((client) => proxy.#join(client, targetPort));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const proxy = new BadLine(server, typeof address === "object" && address !== null ? address.port : 0);
    return proxy;
  }

  /** How the line is from now on, for connections that are open as well. */
  become(line: Line): void {
    this.#line = line;
    if (line.kind === "cut") for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: net.Socket, targetPort: number): void {
    if (this.#line.kind === "cut") {
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(targetPort, "127.0.0.1");
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on("data", (bytes) => {
      if (this.#line.kind !== "mute") server.write(bytes);
    });
    server.on("data", (bytes) => {
      const line = this.#line;
      if (line.kind === "mute") return;
      if (line.kind === "swallows answers") client.resetAndDestroy();
      else if (line.kind === "slow") setTimeout(() => client.write(bytes), line.ms);
      else client.write(bytes);
    });
  }
}

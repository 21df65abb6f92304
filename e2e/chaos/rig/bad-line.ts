import net from "node:net";

/** What a line does with the bytes that come along it. As with TCP, none are lost within a connection, and all keep their order. */
export type Line =
  | { readonly kind: "passes" }
  /** each piece of an answer comes so much later */
  | { readonly kind: "slow"; readonly ms: number }
  /** connections are taken, and nothing goes through them either way until the line is another */
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
  #changed: Promise<void>;
  #change: () => void = () => undefined;

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
    this.#changed = this.#nextChange();
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
    this.#change();
    this.#changed = this.#nextChange();
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
    this.#carry(client, server, "question");
    this.#carry(server, client, "answer");
  }

  /** One piece after the other: one that has to wait holds up those behind it. */
  #carry(from: net.Socket, to: net.Socket, what: "question" | "answer"): void {
    let before = Promise.resolve();
    from.on("data", (bytes) => {
      before = before.then(async () => {
        while (this.#line.kind === "mute" && !to.destroyed) await Promise.race([this.#changed, closed(to)]);
        const line = this.#line;
        if (what === "answer" && line.kind === "swallows answers") return void to.resetAndDestroy();
        if (what === "answer" && line.kind === "slow") await new Promise((resolve) => setTimeout(resolve, line.ms));
        if (!to.destroyed) to.write(bytes);
      });
    });
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => (this.#change = resolve));
  }
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => (socket.destroyed ? resolve() : socket.once("close", () => resolve())));
}

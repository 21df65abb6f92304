import pg from "pg";

/** "The database system is starting up", or not yet accepting connections: it recovers from a crash. */
const CANNOT_CONNECT_NOW = "57P03";
const PAUSE_MS = 250;
const PATIENCE_MS = 120_000;

/**
 * A connection of its own. A server that says that it is starting is waited for, at most two minutes: processes and
 * their database are often started again together. Any other fault is thrown at once.
 */
export async function connected(settings: pg.ClientConfig, onLost: (error: Error) => void): Promise<pg.Client> {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const client = new pg.Client(settings);
    client.on("error", onLost);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const isStarting = error instanceof Error && "code" in error && error.code === CANNOT_CONNECT_NOW;
      if (!isStarting || waitedMs >= PATIENCE_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

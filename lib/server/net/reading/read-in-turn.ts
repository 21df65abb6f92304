import type { Server } from "node:http";
import type { Pace } from "./pace";
import { Portions } from "./portions";

/**
 * Reads each new connection of a server in its address's turn, and dense reads in portions. The portions come first:
 * with the first data listener Node removes its own listeners for pause and resume, so a connection that was paused
 * before would never be read again.
 */
export function readInTurn(server: Server, pace: Pace): void {
  const portions = new Portions({ isOnProbation: (socket) => pace.isOnProbation(socket) });
  server.on("connection", (socket) => {
    portions.take(socket);
    pace.take(socket);
  });
}

import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Answers `Expect: 100-continue` when the body is first read: by the gateway, by Next, or on its way to another
 * process. A request that is refused unread gets only its refusal.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const look = (event: string | symbol) => {
    if (event !== "data" && event !== "readable") return;
    request.off("newListener", look);
    if (!response.headersSent && !response.destroyed) response.writeContinue();
  };
  request.on("newListener", look);
}

import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Answers `Expect: 100-continue` as soon as somebody wants the body: the gateway, Next, or the way to
 * another process. A request that is refused unread gets its refusal and no invitation.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const look = (event: string | symbol) => {
    if (event !== "data" && event !== "readable") return;
    request.off("newListener", look);
    if (!response.headersSent && !response.destroyed) response.writeContinue();
  };
  request.on("newListener", look);
}

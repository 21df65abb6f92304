import { z } from "zod";
import { type Route, route } from "../api/route";
import { listNotices, noticesQuery } from "./notices";

export const NOTICES_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/notices",
    right: "alerts.view",
    summary: "List what happened lately: alerts, brakes, failed messages, expiring keys",
    input: noticesQuery,
    output: z.object({
      notices: z.array(z.object({ id: z.string(), at: z.string(), text: z.string(), href: z.string() })),
    }),
    verb: listNotices,
  }),
];

import { type Route, route } from "../api/route";
import { listAudit, verifyAudit } from "./audit";
import { explain, listRefused } from "./explain";
import { readLedger } from "./ledger";

export const RECORDS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/refusals/calls",
    right: "ledger.view",
    summary: "A tenant's refused calls one by one, as far as they are kept",
    query: ["tenant", "limit", "after", "find"],
    verb: listRefused,
  }),
  route({
    method: "get",
    path: "/explain",
    right: "ledger.view",
    summary: "A call, served or refused, and what would become of it now",
    query: ["requestId"],
    verb: explain,
  }),
  route({
    method: "get",
    path: "/ledger",
    right: "ledger.view",
    summary: "Calls that reached a provider",
    query: ["requestId", "tenant", "since", "limit", "after", "find"],
    verb: readLedger,
  }),
  route({
    method: "get",
    path: "/audit",
    right: "audit.view",
    summary: "Who changed what",
    query: ["before", "action", "target", "limit", "format"],
    verb: listAudit,
  }),
  route({
    method: "get",
    path: "/audit/verify",
    right: "audit.view",
    summary: "Whether the audit log is intact",
    verb: verifyAudit,
  }),
];

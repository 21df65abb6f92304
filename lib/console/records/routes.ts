import { type Route, route } from "../api/route";
import { listAudit, verifyAudit } from "./audit";
import { explain, listRefused } from "./explain";
import { readLedger } from "./ledger";

export const RECORDS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/refusals/calls",
    right: "ledger.view",
    summary: "List a tenant's stored refused calls",
    query: ["tenant", "limit", "after", "find"],
    verb: listRefused,
  }),
  route({
    method: "get",
    path: "/explain",
    right: "ledger.view",
    summary: "Explain a served or refused call, and whether it would pass now",
    query: ["requestId"],
    verb: explain,
  }),
  route({
    method: "get",
    path: "/ledger",
    right: "ledger.view",
    summary: "List calls that were sent to a provider",
    query: ["requestId", "tenant", "since", "limit", "after", "find"],
    verb: readLedger,
  }),
  route({
    method: "get",
    path: "/audit",
    right: "audit.view",
    summary: "List operators' changes",
    query: ["before", "action", "target", "limit", "format"],
    verb: listAudit,
  }),
  route({
    method: "get",
    path: "/audit/verify",
    right: "audit.view",
    summary: "Verify the audit log",
    verb: verifyAudit,
  }),
];

import { type Route, route } from "../api/route";
import { noQuery } from "../kernel/input";
import { FILTERED, OF_INPUT } from "../scope/scoped";
import { RECORDS_ANSWERS } from "./answers";
import { auditQuery, listAudit, verifyAudit } from "./audit";
import { explain, explainQuery, listRefused, refusedQuery } from "./explain";
import { ledgerQuery, readLedger } from "./ledger";

export const RECORDS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/refusals/calls",
    right: "ledger.view",
    scoped: OF_INPUT,
    summary: "List a tenant's stored refused calls",
    input: refusedQuery,
    output: RECORDS_ANSWERS.listRefused,
    verb: listRefused,
  }),
  route({
    method: "get",
    path: "/explain",
    right: "ledger.view",
    scoped: FILTERED,
    summary: "Explain a served or refused call, and whether it would pass now",
    input: explainQuery,
    output: RECORDS_ANSWERS.explain,
    verb: explain,
  }),
  route({
    method: "get",
    path: "/ledger",
    right: "ledger.view",
    scoped: FILTERED,
    summary: "List calls that were sent to a provider",
    input: ledgerQuery,
    output: RECORDS_ANSWERS.readLedger,
    verb: readLedger,
  }),
  route({
    method: "get",
    path: "/audit",
    right: "audit.view",
    summary: "List operators' changes",
    input: auditQuery,
    output: RECORDS_ANSWERS.listAudit,
    verb: listAudit,
  }),
  route({
    method: "get",
    path: "/audit/verify",
    right: "audit.view",
    summary: "Verify the audit log",
    input: noQuery,
    output: RECORDS_ANSWERS.verifyAudit,
    verb: verifyAudit,
  }),
];

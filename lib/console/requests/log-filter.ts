import { z } from "zod";
import { KINDS, type LogFilter } from "@/db/queries/requests/log";
import { userDigest } from "@/lib/admission/digest";
import { PublicError } from "@/lib/errors";
import { requestIdAt } from "@/lib/request-id";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { ownIds } from "../scope/scoped";
import { tenantBySlug } from "../tenants/tenants";

const name = z.string().min(1).max(512);
/** The log's filters, in the API's form. */
export const filters = {
  tenant: z.string().min(1).max(128).optional(),
  key: z.string().min(1).max(64).optional(),
  /** the whole name as the tenant's caller sends it; needs the tenant */
  user: name.optional(),
  model: name.optional(),
  endpoint: name.optional(),
  feature: name.optional(),
  session: name.optional(),
  agent: name.optional(),
  /** name=value */
  tag: name.optional(),
  kind: z.enum(KINDS).optional(),
  /** how it ended, or the error code */
  outcome: name.optional(),
  limitName: name.optional(),
  address: name.optional(),
  from: moment.optional(),
  to: moment.optional(),
};

/** The same with the ledger's ids, of the operator's tenants. Throws PublicError when there is no such tenant. */
export function filterOf(
  { context, actor }: Pick<AdminRequest, "context" | "actor">,
  input: z.infer<z.ZodObject<typeof filters>>,
): LogFilter {
  const tenantId = input.tenant === undefined ? null : tenantBySlug(context, input.tenant).id;
  if (input.user !== undefined && tenantId === null) {
    throw new PublicError("missing_field", "Users belong to a tenant: name the tenant too.", { param: "tenant" });
  }
  const user = input.user === undefined ? null : userDigest(context.digestSecret, tenantId ?? "", input.user);
  const { feature = null, session = null, agent = null, tag = null } = input;
  const { key, model, endpoint, kind, outcome, limitName, address, from, to } = input;
  return {
    tenantId,
    among: ownIds(context, actor.tenants),
    keyId: key ?? null,
    userDigest: user,
    model: model ?? null,
    endpoint: endpoint ?? null,
    kind: kind ?? null,
    outcome: outcome ?? null,
    limitName: limitName ?? null,
    address: address ?? null,
    feature,
    session,
    agent,
    tag,
    fromId: requestIdAt(from === undefined ? 0 : Date.parse(from)),
    // Without an end, all ids made so far.
    toId: to === undefined ? "req_g" : requestIdAt(Date.parse(to)),
  };
}

/** An id begins with its creation time. */
export function msOf(requestId: string): number {
  return Number.parseInt(requestId.slice("req_".length, "req_".length + TIME_DIGITS), 16);
}

const TIME_DIGITS = 12;

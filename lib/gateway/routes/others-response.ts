import { PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import { fileIdsIn, mayNameFiles } from "@/lib/wire/json/ids-in";
import { within } from "@/lib/within";
import type { Principal } from "../caller/principal";
import type { Gateway } from "../gateway";

/**
 * Refuses a call that goes on from another tenant's response, or that uses another tenant's file. An id that nobody knows
 * here passes: its provider decides, as it does while the database is away. Ids cannot be guessed.
 */
export async function refuseOthersResponse(
  { books, kept }: Pick<Gateway, "books" | "kept">,
  { tenant }: Principal,
  { body, source }: Pick<Call, "body" | "source">,
): Promise<void> {
  const { previous_response_id: id } = body;
  if (typeof id === "string") {
    const owner = await within(OWNER_MS, books.ownerOfAnswer(id)).catch(() => null);
    if (owner !== null && owner.tenantId !== tenant.id) throw notYours("response", id, "previous_response_id");
  }
  const files = mayNameFiles(source) ? fileIdsIn(body) : [];
  if (files.length === 0) return;
  const other = await within(OWNER_MS, kept.othersOf(tenant.id, files)).catch(() => null);
  if (other !== null) throw notYours("file", other, "file_id");
}

function notYours(what: string, id: string, param: string): PublicError {
  const message = `No ${what} of yours has the id ${JSON.stringify(id.slice(0, 128))}.`;
  return new PublicError("invalid_value", message, { param });
}

const OWNER_MS = 500;

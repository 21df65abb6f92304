import { isObject, parseJson, textOf } from "../json/object";

const SESSION_AT_END = /_session_[0-9a-f-]{8,}$/i;

/**
 * The user in `metadata.user_id`, without the parts that name only a session. Claude Code writes its account, its device and
 * its session into it. Taken whole, every session would be a separate user, and a limit per user would bind nobody.
 */
export function stableUser(userId: string | null): string | null {
  if (userId === null) return null;
  if (!userId.startsWith("{")) return userId.replace(SESSION_AT_END, "") || userId;
  const parsed = parseJson(userId);
  if (!isObject(parsed) || textOf(parsed.session_id) === "") return userId;
  return textOf(parsed.account_uuid) || textOf(parsed.device_id) || userId;
}

import { adminDoor } from "@/lib/console/door";
import { revokeKey } from "@/lib/console/keys";

export const POST = adminDoor("keys.revoke", revokeKey);

import { adminDoor } from "@/lib/console/kernel/door";
import { listKeyLimits, putKeyLimits } from "@/lib/console/keys/key-limits";

export const GET = adminDoor("keys.view", listKeyLimits);
export const PUT = adminDoor("keys.edit", putKeyLimits);

import { adminDoor } from "@/lib/console/door";
import { listKeyLimits, putKeyLimits } from "@/lib/console/key-limits";

export const GET = adminDoor("keys.view", listKeyLimits);
export const PUT = adminDoor("keys.edit", putKeyLimits);

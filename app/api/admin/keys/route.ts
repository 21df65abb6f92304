import { adminDoor } from "@/lib/console/kernel/door";
import { createKey, listKeys } from "@/lib/console/keys/keys";

export const GET = adminDoor("keys.view", listKeys);
export const POST = adminDoor("keys.edit", createKey);

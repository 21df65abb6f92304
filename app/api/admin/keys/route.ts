import { adminDoor } from "@/lib/console/door";
import { createKey, listKeys } from "@/lib/console/keys";

export const GET = adminDoor("keys.view", listKeys);
export const POST = adminDoor("keys.edit", createKey);

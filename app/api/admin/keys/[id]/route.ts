import { adminDoor } from "@/lib/console/kernel/door";
import { editKey } from "@/lib/console/keys/keys";

export const PATCH = adminDoor("keys.edit", editKey);

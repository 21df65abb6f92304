import { adminDoor } from "@/lib/console/door";
import { editKey } from "@/lib/console/keys";

export const PATCH = adminDoor("keys.edit", editKey);

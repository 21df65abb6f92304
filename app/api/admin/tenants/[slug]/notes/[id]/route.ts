import { adminDoor } from "@/lib/console/kernel/door";
import { removeNote } from "@/lib/console/tenants/notes";

export const DELETE = adminDoor("notes.edit", removeNote);

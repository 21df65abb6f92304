import { adminDoor } from "@/lib/console/door";
import { removeNote } from "@/lib/console/notes";

export const DELETE = adminDoor("notes.edit", removeNote);

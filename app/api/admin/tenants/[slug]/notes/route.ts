import { adminDoor } from "@/lib/console/door";
import { listNotes, writeNote } from "@/lib/console/notes";

export const GET = adminDoor("tenants.view", listNotes);
export const POST = adminDoor("notes.edit", writeNote);

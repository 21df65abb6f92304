import { adminDoor } from "@/lib/console/kernel/door";
import { listNotes, writeNote } from "@/lib/console/tenants/notes";

export const GET = adminDoor("tenants.view", listNotes);
export const POST = adminDoor("notes.edit", writeNote);

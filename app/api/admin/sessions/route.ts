import { listOwnSessions } from "@/lib/console/access/sessions";
import { adminDoor } from "@/lib/console/kernel/door";

export const GET = adminDoor("overview.view", listOwnSessions);

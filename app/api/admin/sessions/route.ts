import { adminDoor } from "@/lib/console/door";
import { listOwnSessions } from "@/lib/console/sessions";

export const GET = adminDoor("overview.view", listOwnSessions);

import { endOwnSession } from "@/lib/console/access/sessions";
import { adminDoor } from "@/lib/console/kernel/door";

export const DELETE = adminDoor("overview.view", endOwnSession);

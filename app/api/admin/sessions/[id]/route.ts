import { adminDoor } from "@/lib/console/door";
import { endOwnSession } from "@/lib/console/sessions";

export const DELETE = adminDoor("overview.view", endOwnSession);

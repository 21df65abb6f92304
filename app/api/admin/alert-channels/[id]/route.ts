import { removeChannel } from "@/lib/console/alerts/alerts";
import { adminDoor } from "@/lib/console/kernel/door";

export const DELETE = adminDoor("alerts.edit", removeChannel);

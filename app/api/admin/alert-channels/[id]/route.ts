import { removeChannel } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const DELETE = adminDoor("alerts.edit", removeChannel);

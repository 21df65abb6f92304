import { editRule, removeRule } from "@/lib/console/alerts/alerts";
import { adminDoor } from "@/lib/console/kernel/door";

export const PUT = adminDoor("alerts.edit", editRule);
export const DELETE = adminDoor("alerts.edit", removeRule);

import { editRule, removeRule } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const PUT = adminDoor("alerts.edit", editRule);
export const DELETE = adminDoor("alerts.edit", removeRule);

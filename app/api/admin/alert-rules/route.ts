import { createRule, listRules } from "@/lib/console/alerts/alerts";
import { adminDoor } from "@/lib/console/kernel/door";

export const GET = adminDoor("alerts.view", listRules);
export const POST = adminDoor("alerts.edit", createRule);

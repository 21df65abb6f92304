import { createRule, listRules } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("alerts.view", listRules);
export const POST = adminDoor("alerts.edit", createRule);

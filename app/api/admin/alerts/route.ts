import { listAlerts } from "@/lib/console/alerts/alerts";
import { adminDoor } from "@/lib/console/kernel/door";

export const GET = adminDoor("alerts.view", listAlerts);

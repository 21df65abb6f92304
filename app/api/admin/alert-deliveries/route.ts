import { listDeliveries } from "@/lib/console/alerts";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("alerts.view", listDeliveries);

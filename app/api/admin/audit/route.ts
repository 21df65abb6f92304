import { listAudit } from "@/lib/console/audit";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("audit.view", listAudit);

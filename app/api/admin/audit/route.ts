import { adminDoor } from "@/lib/console/kernel/door";
import { listAudit } from "@/lib/console/records/audit";

export const GET = adminDoor("audit.view", listAudit);

import { adminDoor } from "@/lib/console/kernel/door";
import { verifyAudit } from "@/lib/console/records/audit";

export const GET = adminDoor("audit.view", verifyAudit);

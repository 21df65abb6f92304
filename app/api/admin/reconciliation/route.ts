import { adminDoor } from "@/lib/console/door";
import { readReconciliation } from "@/lib/console/reconciliation";

export const GET = adminDoor("reconciliation.view", readReconciliation);

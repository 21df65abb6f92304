import { adminDoor } from "@/lib/console/kernel/door";
import { readCounters } from "@/lib/console/money/reconciliation";

export const GET = adminDoor("reconciliation.view", readCounters);

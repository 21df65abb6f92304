import { adminDoor } from "@/lib/console/door";
import { readCounters } from "@/lib/console/reconciliation";

export const GET = adminDoor("reconciliation.view", readCounters);

import { adminDoor } from "@/lib/console/kernel/door";
import { listRefused } from "@/lib/console/records/explain";

export const GET = adminDoor("ledger.view", listRefused);

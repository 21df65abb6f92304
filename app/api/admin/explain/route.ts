import { adminDoor } from "@/lib/console/kernel/door";
import { explain } from "@/lib/console/records/explain";

export const GET = adminDoor("ledger.view", explain);

import { adminDoor } from "@/lib/console/door";
import { listRefused } from "@/lib/console/explain";

export const GET = adminDoor("ledger.view", listRefused);

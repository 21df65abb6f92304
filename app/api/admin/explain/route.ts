import { adminDoor } from "@/lib/console/door";
import { explain } from "@/lib/console/explain";

export const GET = adminDoor("ledger.view", explain);

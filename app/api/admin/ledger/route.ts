import { adminDoor } from "@/lib/console/kernel/door";
import { readLedger } from "@/lib/console/records/ledger";

export const GET = adminDoor("ledger.view", readLedger);

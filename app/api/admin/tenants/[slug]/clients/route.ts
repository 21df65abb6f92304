import { adminDoor } from "@/lib/console/kernel/door";
import { listClients } from "@/lib/console/tenants/clients";

export const GET = adminDoor("usage.view", listClients);

import { listClients } from "@/lib/console/clients";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("usage.view", listClients);

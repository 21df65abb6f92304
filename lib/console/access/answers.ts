import { z } from "zod";
import { ROLE_SOURCES, ROLES } from "../kernel/can.shared";

const sessionShape = z.object({
  id: z.string(),
  address: z.string(),
  agent: z.string(),
  since: z.string(),
  lastSeen: z.string(),
  own: z.boolean(),
});

const operatorShape = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  roleFrom: z.enum(ROLE_SOURCES),
  tenants: z.array(z.string()).nullable(),
  disabled: z.boolean(),
  secondFactor: z.boolean(),
  sessions: z.number(),
  lastSeen: z.string().nullable(),
  createdAt: z.string(),
});

const linkShape = z.object({ id: z.string(), email: z.string(), url: z.string(), expiresAt: z.string() });

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
export const ACCESS_ANSWERS = {
  breakGlass: z.object({ email: z.string(), password: z.string(), until: z.string() }),
  changeOwnPassword: z.object({ changed: z.boolean(), ended: z.number() }),
  inviteStaff: linkShape,
  inviteAgain: linkShape,
  confirm: z.object({ confirmed: z.boolean() }),
  endOwnSession: z.object({ ended: z.number() }),
  endStaffSession: z.object({ ended: z.number() }),
  listOwnSessions: z.object({ sessions: z.array(sessionShape) }),
  listStaffSessions: z.object({ sessions: z.array(sessionShape) }),
  closeSessions: z.object({ ended: z.number() }),
  createStaff: z.object({
    password: z.string(),
    id: z.string().optional(),
    email: z.string().optional(),
    name: z.string().optional(),
    role: z.enum(ROLES).optional(),
    roleFrom: z.enum(ROLE_SOURCES).optional(),
    tenants: z.array(z.string()).nullable().optional(),
    disabled: z.boolean().optional(),
    secondFactor: z.boolean().optional(),
    sessions: z.number().optional(),
    lastSeen: z.string().nullable().optional(),
    createdAt: z.string().optional(),
  }),
  editStaff: operatorShape,
  listStaff: z.object({ staff: z.array(operatorShape) }),
  resetPassword: z.object({ email: z.string(), password: z.string() }),
  readSecondFactor: z.object({ on: z.boolean(), recoveryCodes: z.number() }),
  beginSecondFactor: z.object({ uri: z.string(), recoveryCodes: z.array(z.string()) }),
  completeSecondFactor: z.object({ on: z.boolean(), ended: z.number() }),
  endSecondFactor: z.object({ on: z.boolean() }),
  renewRecoveryCodes: z.object({ recoveryCodes: z.array(z.string()) }),
  resetSecondFactor: z.object({ email: z.string(), ended: z.number() }),
};

import { type Route, route } from "../api/route";
import { noQuery, nothing } from "../kernel/input";
import { breakGlass } from "./break-glass";
import { confirm, confirmInput, endOwnSession, endStaffSession, listOwnSessions, listStaffSessions } from "./sessions";
import { closeSessions, createStaff, editedStaff, editStaff, listStaff, newStaff, resetPassword } from "./staff";

export const ACCESS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/staff",
    right: "staff.view",
    summary: "List operators with their roles and open sessions",
    input: noQuery,
    verb: listStaff,
  }),
  route({
    method: "post",
    path: "/staff",
    right: "staff.edit",
    summary: "Create an operator; the response shows the first password once",
    input: newStaff,
    status: 201,
    verb: createStaff,
  }),
  route({
    method: "patch",
    path: "/staff/{id}",
    right: "staff.edit",
    summary: "Change an operator's role, or remove the operator",
    input: editedStaff,
    verb: editStaff,
  }),
  route({
    method: "post",
    path: "/staff/{id}/password",
    right: "staff.edit",
    summary: "Set a new password; the response shows it once",
    input: nothing,
    verb: resetPassword,
  }),
  route({
    method: "delete",
    path: "/staff/{id}/sessions",
    right: "staff.edit",
    summary: "End every session of an operator",
    input: nothing,
    verb: closeSessions,
  }),
  route({
    method: "post",
    path: "/staff/break-glass",
    right: "staff.edit",
    summary: "Open an admin account for an hour; needs the operator token",
    input: nothing,
    status: 201,
    verb: breakGlass,
  }),
  route({
    method: "get",
    path: "/staff/{id}/sessions",
    right: "staff.view",
    summary: "List an operator's sessions",
    input: noQuery,
    verb: listStaffSessions,
  }),
  route({
    method: "delete",
    path: "/staff/{id}/sessions/{session}",
    right: "staff.edit",
    summary: "End one session of an operator",
    input: nothing,
    verb: endStaffSession,
  }),
  route({
    method: "get",
    path: "/sessions",
    right: "overview.view",
    summary: "List your own sessions",
    input: noQuery,
    verb: listOwnSessions,
  }),
  route({
    method: "delete",
    path: "/sessions/{id}",
    right: "overview.view",
    summary: "End one of your own sessions",
    input: nothing,
    verb: endOwnSession,
  }),
  route({
    method: "post",
    path: "/confirm",
    right: "overview.view",
    summary: "Confirm your password, before a sensitive action",
    input: confirmInput,
    verb: confirm,
  }),
];

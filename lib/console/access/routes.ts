import { nothing, type Route, route } from "../api/route";
import { breakGlass } from "./break-glass";
import { confirm, confirmInput, endOwnSession, endStaffSession, listOwnSessions, listStaffSessions } from "./sessions";
import { closeSessions, createStaff, editedStaff, editStaff, listStaff, newStaff, resetPassword } from "./staff";

export const ACCESS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/staff",
    right: "staff.view",
    summary: "Operators with their roles and open sessions",
    verb: listStaff,
  }),
  route({
    method: "post",
    path: "/staff",
    right: "staff.edit",
    summary: "Make an operator; the first password is told here alone",
    input: newStaff,
    status: 201,
    verb: createStaff,
  }),
  route({
    method: "patch",
    path: "/staff/{id}",
    right: "staff.edit",
    summary: "Another role, or out",
    input: editedStaff,
    verb: editStaff,
  }),
  route({
    method: "post",
    path: "/staff/{id}/password",
    right: "staff.edit",
    summary: "A new password, told here alone",
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
    summary: "An admin's account for an hour; by the operator token alone",
    input: nothing,
    status: 201,
    verb: breakGlass,
  }),
  route({
    method: "get",
    path: "/staff/{id}/sessions",
    right: "staff.view",
    summary: "Where an operator is signed in",
    verb: listStaffSessions,
  }),
  route({
    method: "delete",
    path: "/staff/{id}/sessions/{session}",
    right: "staff.edit",
    summary: "End one of them",
    input: nothing,
    verb: endStaffSession,
  }),
  route({
    method: "get",
    path: "/sessions",
    right: "overview.view",
    summary: "Where one is signed in oneself",
    verb: listOwnSessions,
  }),
  route({
    method: "delete",
    path: "/sessions/{id}",
    right: "overview.view",
    summary: "End one of one's own sessions",
    input: nothing,
    verb: endOwnSession,
  }),
  route({
    method: "post",
    path: "/confirm",
    right: "overview.view",
    summary: "One's password once more, for acts that ask for it",
    input: confirmInput,
    verb: confirm,
  }),
];

import { groupOf } from "../template/template.ts";
import { notFound } from "./not-found.ts";

/** The groups of these template names, in the order of their first members. */
export function groupNames(names: readonly string[]): string[] {
  return [...new Set(names.map(groupOf))].filter((group) => group !== undefined);
}

/** The template names that belong to a group, in their order. Throws `not_found` if there are none. */
export function templatesInGroup(group: string, names: readonly string[]): string[] {
  const members = names.filter((name) => groupOf(name) === group);
  if (members.length === 0) throw notFound("group", group, groupNames(names));
  return members;
}

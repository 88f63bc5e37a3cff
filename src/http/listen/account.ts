import { readFileSync } from "node:fs";
import { GafferdError } from "../../errors.ts";

/** The number of a user given by number or name. Throws `bad_value` for a name that is not in /etc/passwd. */
export function userIdOf(user: string | number): number {
  return idOf(user, { path: "/etc/passwd", noun: "user" });
}

/** The number of a group given by number or name. Throws `bad_value` for a name that is not in /etc/group. */
export function groupIdOf(group: string | number): number {
  return idOf(group, { path: "/etc/group", noun: "group" });
}

/** Both files have the name first and the number third: `www-data:x:33:…`. */
function idOf(account: string | number, file: { path: string; noun: string }): number {
  if (typeof account === "number" || /^\d+$/.test(account)) return Number(account);
  for (const line of readFileSync(file.path, "utf8").split("\n")) {
    const [name, , id] = line.split(":");
    if (name === account && id !== undefined) return Number(id);
  }
  throw new GafferdError("bad_value", `there is no ${file.noun} \`${account}\` in ${file.path}`);
}

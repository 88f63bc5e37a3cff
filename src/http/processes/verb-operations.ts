import { groupFlag } from "./group-flag.ts";
import { spawnFirst } from "./spawn-first.ts";
import { json, ok, type OperationDescription, type OperationTable } from "../operation/operation.ts";
import { amount, group, signal, template, templateOrProcess } from "../operation/path-parameters.ts";

const verbs = { tag: "verbs", path: [template] } as const satisfies Partial<OperationDescription>;
const newWork = ["bad_value", "not_found", "conflict", "overloaded"] as const;
const scaled = (description: string) =>
  ok(description, { numprocesses: { type: "integer", minimum: 0 } }, { numprocesses: 3 });

const groups = { tag: "groups", path: [group] } as const satisfies Partial<OperationDescription>;
const names = { type: "array", items: { type: "string" } };
const ofAll = "When it fails for some it is done for the others all the same, and `failed` names those.";

/** What is done to a template, a process or a group. */
export const verbOperations: OperationTable = {
  "POST /processes/:id/_start": {
    ...verbs,
    id: "startTemplate",
    summary: "Start a template",
    answers: ok("Its processes are being spawned."),
    errors: [...newWork, "spawn_failed"],
  },
  "POST /processes/:id/_stop": {
    ...verbs,
    id: "stopProcess",
    summary: "Stop a template, or a process",
    description: "A process that is stopped is replaced by its template.",
    path: [templateOrProcess],
    answers: ok("Nothing of it runs."),
    errors: ["bad_value", "not_found", "gone"],
  },
  "POST /processes/:id/_restart": {
    ...verbs,
    id: "restartTemplate",
    summary: "Replace a template's processes, one at a time",
    description: "Stops one, waits for its exit, spawns the next. What does not run is started.",
    query: [spawnFirst],
    answers: ok("All are replaced."),
    errors: [...newWork, "spawn_failed"],
  },
  "POST /processes/:id/_add": {
    ...verbs,
    id: "addProcess",
    summary: "Run one process more",
    answers: scaled("How many are wanted now."),
    errors: newWork,
  },
  "POST /processes/:id/_add/:n": {
    ...verbs,
    id: "addProcesses",
    summary: "Run more processes",
    path: [template, amount],
    answers: scaled("How many are wanted now."),
    errors: newWork,
  },
  "POST /processes/:id/_sub": {
    ...verbs,
    id: "subtractProcess",
    summary: "Run one process fewer",
    answers: scaled("How many are wanted now, never fewer than 0; the one too many is gone."),
    errors: newWork,
  },
  "POST /processes/:id/_sub/:n": {
    ...verbs,
    id: "subtractProcesses",
    summary: "Run fewer processes",
    path: [template, amount],
    answers: scaled("How many are wanted now, never fewer than 0; those too many are gone."),
    errors: newWork,
  },
  "POST /processes/:id/_signal": {
    ...verbs,
    id: "signalNothing",
    summary: "Says that the signal is missing",
    path: [templateOrProcess],
    answers: {},
    errors: ["bad_value", "no_signal_number", "not_found", "gone"],
  },
  "POST /processes/:id/_signal/:sig": {
    ...verbs,
    id: "signalProcess",
    summary: "Send a signal to a process, or to each of a template",
    description: "What the processes have started does not get it, unless `group` says so.",
    query: [groupFlag],
    path: [templateOrProcess, signal],
    answers: ok("It is sent."),
    errors: ["bad_value", "not_found", "gone"],
  },
  "GET /groups": {
    id: "listGroups",
    tag: "groups",
    summary: "All groups",
    answers: json("Their names.", names, ["web"]),
  },
  "GET /groups/:group": {
    ...groups,
    id: "getGroup",
    summary: "The templates of a group",
    answers: json("Their names, in the order of creation.", names, ["web:api", "web:worker"]),
    errors: ["bad_value", "not_found"],
  },
  "POST /groups/:group/_start": {
    ...groups,
    id: "startGroup",
    summary: "Start all templates of a group",
    description: ofAll,
    answers: ok("Their processes are being spawned."),
    errors: [...newWork, "spawn_failed"],
  },
  "POST /groups/:group/_stop": {
    ...groups,
    id: "stopGroup",
    summary: "Stop all templates of a group",
    description: ofAll,
    answers: ok("Nothing of them runs."),
    errors: ["bad_value", "not_found"],
  },
  "POST /groups/:group/_restart": {
    ...groups,
    id: "restartGroup",
    summary: "Replace the processes of all templates of a group",
    description: `One at a time in each template. ${ofAll}`,
    query: [spawnFirst],
    answers: ok("All are replaced."),
    errors: [...newWork, "spawn_failed"],
  },
  "DELETE /groups/:group": {
    ...groups,
    id: "deleteGroup",
    summary: "Stop and forget all templates of a group",
    description: ofAll,
    answers: ok("Nothing of them is left."),
    errors: ["bad_value", "not_found"],
  },
};

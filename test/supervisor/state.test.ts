import { expect, test } from "bun:test";
import { isWantedUp, type Stimulus, type SupervisorState, transitions } from "../../src/supervisor/state.ts";

/** Every cell: the next state and the effects; `.` means that nothing changes. */
const table = `
            start                            stop                          resized                vacated         filled   emptied  flapped        deferred  gave_up                      retry
stopped     starting:reset,publish-start,fill    .                             .                      .               .        .        .              .         .                            .
starting    starting:cancel-retry,reset,fill   stopping:cancel-retry,publish-stop,drain                starting:reap,fill     starting:fill   running  exited   backoff:drain  backoff   fatal:drain,notify-given-up                  starting:fill
running     starting:reset,fill             stopping:publish-stop,drain                starting:reap,fill     starting:fill   .        exited   backoff:drain  backoff   fatal:drain,notify-given-up                  .
stopping    starting:reset,publish-start,fill    .                             .                      .               .        stopped  .              .         .                            .
backoff     starting:cancel-retry,reset,publish-start,fill  stopping:cancel-retry,publish-stop,drain  starting:reap,fill  starting:fill  .        .        backoff:drain  .         fatal:cancel-retry,drain,notify-given-up     starting:fill
exited      starting:reset,publish-start,fill    stopping:publish-stop,drain                starting:reap,fill     .               .        .        .              .         .                            .
fatal       starting:reset,publish-start,fill    stopping:publish-stop,drain                .                      .               .        .        .              .         .                            .
`;

const [head = "", ...rows] = table.trim().split("\n");
const stimuli = head.trim().split(/\s+/) as Stimulus[];
const cells = rows.flatMap((row) => {
  const [state, ...columns] = row.trim().split(/\s+/);
  return columns.map((cell, index) => [state as SupervisorState, stimuli[index] as Stimulus, cell] as const);
});

test.each(cells)("%s on %s: %s", (state, stimulus, cell) => {
  const [next, effects] = cell === "." ? [state, ""] : cell.split(":");
  const transition = transitions[state][stimulus];
  expect(transition.state).toBe(next as SupervisorState);
  expect(transition.effects.join(",")).toBe(effects ?? "");
});

test("the table has every state and every stimulus", () => {
  expect(cells.length).toBe(Object.keys(transitions).length * Object.keys(transitions.stopped).length);
});

test("only stopped and stopping mean that nothing is wanted", () => {
  const down = Object.keys(transitions).filter((state) => !isWantedUp(state as SupervisorState));
  expect(down).toEqual(["stopped", "stopping"]);
});

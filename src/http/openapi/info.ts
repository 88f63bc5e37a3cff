import type { OpenapiDocument } from "../operation/openapi-document.ts";

/** Paragraphs of text, in which backticks mark code: CommonMark, and all that `/docs` knows of it. */
export const info: Omit<OpenapiDocument["info"], "version"> = {
  title: "gafferd",
  description: [
    "gafferd launches processes, keeps them alive, and lets every program that speaks HTTP read and write them, exactly.",
    "A template describes what to run; a process is one run of it. A `pid` is gafferd's own number of a process: 1, 2, 3 … in the order of spawning, never used twice. The kernel's is `os_pid`. What precedes the first colon of a template's name is its group.",
    'Bodies are JSON in UTF-8, whatever the request\'s `Content-Type` says; output and input of processes are raw bytes. Success is `200` with `{"ok":true}` or the document asked for; a verb answers when its work is done. A failure has its code in `error` and, in `message`, one sentence that a person can act on.',
    "Every path takes `HEAD` and `OPTIONS`. A known path answers a method that it does not take with `405 method_not_allowed` and `Allow`, an unknown one with `404 resource_not_found`. A slash at the end says nothing.",
    "Every request must carry a `Host` that the endpoint answers to. One that a foreign web page makes is refused, unless its origin is one of `cors_origins`.",
    "Below `/_plugin/NAME/` are the files of a plugin's site; below `/_plugin/NAME/api` a plugin answers as it likes, and what it takes is not described here.",
  ].join("\n\n"),
};

export const mannersTag = "manners";

/** In the order of the page. */
export const tags: OpenapiDocument["tags"] = [
  { name: "templates", description: "What to run, and how it stands." },
  { name: "verbs", description: "What is done to a template or a process. Each answers when it is done." },
  {
    name: "groups",
    description: "The same for all templates that share what precedes the first colon of their names.",
  },
  {
    name: "streams",
    description:
      "Output and input of processes. Whoever comes again with the last id it saw gets every later byte, none twice; bytes that are no longer held are named, never skipped in silence.",
  },
  { name: "events", description: "What happens to templates and processes. It is so already when the event is sent." },
  {
    name: "webhooks",
    description:
      "URLs that are told of events: each as a `POST` of its JSON, in order and at least once. What waits survives gafferd.",
  },
  { name: "stats", description: "What processes take." },
  { name: "daemon", description: "gafferd itself." },
  { name: mannersTag, description: "`HEAD` and `OPTIONS`, which every path takes." },
];

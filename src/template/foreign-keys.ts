import { suggestion } from "../suggestion.ts";

/**
 * Keys of supervisor, circus, pm2, foreman, systemd, Compose and Kubernetes, in lower case and without `_` and `-`: what
 * says the same here, or how to do without.
 */
const counterparts: Readonly<Record<string, string>> = {
  ...same("cmd", "command", "script", "exec", "execstart", "entrypoint", "program", "run"),
  ...same("args", "arguments", "scriptargs"),
  ...same("cwd", "directory", "workingdir", "workingdirectory", "dir", "chdir"),
  ...same("env_file", "envfile", "environmentfile", "dotenv"),
  ...same("os_env", "copyenv", "inheritenv"),
  ...same("uid", "user", "runas"),
  ...same("gid", "group"),
  ...same("numprocesses", "numprocs", "instances", "replicas", "scale", "concurrency", "processes", "workers"),
  ...same("start", "autostart", "enabled", "ondemand"),
  ...same("restart", "autorestart", "respawn", "restartpolicy"),
  ...same("backoff", "restartsec", "restartdelay", "expbackoffrestartdelay", "startsecs", "minuptime", "startretries"),
  ...same("flapping", "maxrestarts", "maxretry", "startlimitburst", "startlimitinterval", "startlimitintervalsec"),
  ...same(
    "graceful_timeout",
    "stopwaitsecs",
    "killtimeout",
    "timeoutstopsec",
    "stopgraceperiod",
    "terminationgraceperiodseconds",
    "stoptimeout",
    "gracefulstoptimeout",
    "timeout",
  ),
  ...same("stop_signal", "stopsignal", "killsignal", "signal"),
  ...same("kill_mode", "killmode", "stopasgroup", "killasgroup", "stopchildren", "treekill"),
  ...same("success_codes", "exitcodes", "stopexitcodes", "successexitstatus"),
  ...same(
    "redirect_output",
    "stdoutlogfile",
    "stderrlogfile",
    "outfile",
    "errorfile",
    "logfile",
    "stdoutstream",
    "stderrstream",
    "stdoutstream.class",
    "stderrstream.class",
    "standardoutput",
    "standarderror",
    "stdout",
    "stderr",
  ),
  ...same("redirect_input", "stdin", "stdinopen", "standardinput", "stdinsocket"),
  redirectstderr: "write `redirect_output = stdout, stdout`, which merges both",
  mergelogs: "write `redirect_output = stdout, stdout`, which merges both",
  combinelogs: "write `redirect_output = stdout, stdout`, which merges both",
  interpreter: "write it in front of the program, in `cmd`",
  execinterpreter: "write it in front of the program, in `cmd`",
  execmode: "leave it out: `numprocesses` starts so many processes",
  image: "gafferd starts programs, not images: write `cmd`",
  processname: "leave it out: the name is that of the section",
  singleton: "write `numprocesses = 1`",
  warmupdelay: "leave it out: see `priority`",
  usesockets: "leave it out: processes open their own sockets, see `port`",
  stdoutlogfilemaxbytes: "leave it out: see `output_buffer`",
  stderrlogfilemaxbytes: "leave it out: see `output_buffer`",
  virtualenv: "write the path of its program in `cmd`, such as venv/bin/python",
};

const environments: ReadonlySet<string> = new Set(["env", "environment", "environ", "envvars"]);

/** The key of ours that says what `key` says in another tool; undefined for any other key. */
export function counterpartOf(key: string): string | undefined {
  const advice = adviceFor(key);
  return advice?.includes(" ") ? undefined : advice;
}

/**
 * To end a message about a key that is not known: what it is called here, if another tool knows it, else the nearest of
 * `known`. `variables` says how environment variables are written.
 */
export function adviceOnKey(key: string, known: readonly string[], variables: string): string {
  if (environments.has(fold(key)) && !known.includes(fold(key))) return `: ${variables}`;
  const advice = adviceFor(key);
  if (advice === undefined) return suggestion(key, known);
  if (known.includes(advice)) return `; did you mean \`${advice}\`?`;
  return advice.includes(" ") ? `: ${advice}` : suggestion(key, known);
}

function adviceFor(key: string): string | undefined {
  return Object.hasOwn(counterparts, fold(key)) ? counterparts[fold(key)] : undefined;
}

function fold(key: string): string {
  return key.toLowerCase().replaceAll(/[_-]/g, "");
}

function same(ours: string, ...theirs: readonly string[]): Record<string, string> {
  return Object.fromEntries(theirs.map((key) => [key, ours]));
}

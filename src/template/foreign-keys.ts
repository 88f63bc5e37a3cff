import { suggestion } from "../suggestion.ts";

/**
 * Keys of supervisor, circus, pm2, foreman, systemd, Compose and Kubernetes, in lower case and without `_` and `-`. The
 * value is the corresponding key of gafferd, or advice (text with spaces).
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
  interpreter: "write the interpreter before the script in `cmd`",
  execinterpreter: "write the interpreter before the script in `cmd`",
  execmode: "delete it; `numprocesses` sets the number of processes",
  image: "gafferd starts programs, not images: write `cmd`",
  processname: "delete it; the section header sets the name",
  singleton: "write `numprocesses = 1`",
  warmupdelay: "delete it; see `priority`",
  usesockets: "delete it; processes open their own sockets, see `port`",
  stdoutlogfilemaxbytes: "delete it; see `output_buffer`",
  stderrlogfilemaxbytes: "delete it; see `output_buffer`",
  virtualenv: "write the path of its interpreter in `cmd`, such as venv/bin/python",
};

const environments: ReadonlySet<string> = new Set(["env", "environment", "environ", "envvars"]);

/** The gafferd key that corresponds to a key of another tool; undefined if there is none. */
export function counterpartOf(key: string): string | undefined {
  const advice = adviceFor(key);
  return advice?.includes(" ") ? undefined : advice;
}

/**
 * The end of a message about an unknown key: the corresponding key if another tool has it, else the most similar of
 * `known`. `variables` is the advice for keys that hold environment variables.
 */
export function adviceOnKey(key: string, known: readonly string[], variables: string): string {
  if (environments.has(fold(key)) && !known.includes(fold(key))) return `; ${variables}`;
  const advice = adviceFor(key);
  if (advice === undefined) return suggestion(key, known);
  if (known.includes(advice)) return `; did you mean \`${advice}\`?`;
  return advice.includes(" ") ? `; ${advice}` : suggestion(key, known);
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

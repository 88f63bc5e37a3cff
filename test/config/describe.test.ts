import { expect, test } from "bun:test";
import { loadConfig } from "../../src/config/config.ts";
import { describeConfig } from "../../src/config/describe.ts";
import { createFolder } from "./folder.ts";

const { folder, load } = createFolder();

test("--check shows what would run", () => {
  const config = load(`
[gaffer]
plugins_dir = plugins
bundled_plugins = none
on_crash = restart
on_hang = restart
memory_limit = 64m

[endpoint:local]
bind = 127.0.0.1:5000, unix:g.sock
hosts = gaffer.example.org

[endpoint:public]
bind = :5001
auth = false
insecure = true

[process:last]
cmd = ls
  -l
args = 'a b' $UNSET
start = no

[process:second]
cmd = ./b $HOME
priority = 2
numprocesses = 3
port = 5100
uid = www
gid = www
flapping = 2, 1., 7., 5
restart = on-failure
redirect_output = out, err
redirect_input = yes
stop_signal = HUP
graceful_timeout = 2.5
backoff = 100ms, 30s

[process:first]
cmd = echo $UNSET
cwd = /tmp
priority = -1
shell = yes
detach = yes

[webhooks]
exit = http://a/1 http://a/2
proc.second.exit = http://me:secret@a/3
proc.secnod = http://a/4
proc.second.worker = http://a/5

[plugin:guard]
limit = 1g
`);
  expect(describeConfig(config).replaceAll(folder, "DIR")).toBe(`files
  DIR/gaffer.ini

gafferd
  started again if it is killed or crashes
  started again if it hangs for 30 s
  keeps at most 64 MiB of output

endpoints
  local: http://127.0.0.1:5000, hosts gaffer.example.org
  local: unix:DIR/g.sock, hosts gaffer.example.org
  public: http://*:5001, no authentication, insecure

processes, in start order
  first: echo $UNSET
    1 process, in /tmp, priority -1, run by sh -c, detached, output discarded, stop_signal SIGTERM, graceful_timeout 10 s, backoff 0.1 s to 30 s
  second: ./b $HOME
    3 processes, ports 5100 to 5102, in DIR, as user www, as group www, priority 2, restart on-failure, flapping after 2 exits in 1 s, output out, err, input, stop_signal SIGHUP, graceful_timeout 2.5 s, backoff 0.1 s to 30 s
  last: ls ⏎ -l "a b" "$UNSET"
    1 process, not started, in DIR, output stdout, stderr, stop_signal SIGTERM, graceful_timeout 10 s, backoff 0.1 s to 30 s

webhooks
  exit: http://a/1
  exit: http://a/2
  proc.second.exit: http://me:***@a/3
  proc.secnod: http://a/4
  proc.second.worker: http://a/5

warnings
  DIR/gaffer.ini:21: [process:last] args: $UNSET is not set and is not replaced; set it, or write $$ for a literal $
  DIR/gaffer.ini:49: [webhooks] proc.secnod: matches no process of this configuration
  DIR/gaffer.ini:50: [webhooks] proc.second.worker: matches no process of this configuration

OK: 3 templates, 2 endpoints
`);
});

test("without a file there is one endpoint and no template", () => {
  expect(describeConfig(loadConfig(undefined, { pluginsDir: "/p" }))).toBe(`endpoints
  default: http://127.0.0.1:5000

OK: 0 templates, 1 endpoint
`);
});

/*
 * Watches the event loop from a thread of its own. watchdog.ts compiles this file with Bun's C compiler, which has no
 * headers. The thread counts its own short sleeps, so time in which the process or the machine is suspended does not count.
 */
struct duration { long seconds, nanoseconds; };

extern int nanosleep(const struct duration *, struct duration *);
extern int clock_gettime(int, struct duration *);
extern void *gmtime_r(const long *, void *);
extern unsigned long strftime(char *, unsigned long, const char *, const void *);
extern int snprintf(char *, unsigned long, const char *, ...);
extern char *strrchr(const char *, int);
extern unsigned long strlen(const char *);
extern int open(const char *, int, ...);
extern long read(int, void *, unsigned long);
extern long write(int, const void *, unsigned long);
extern int close(int);
extern int getpid(void);
extern int kill(int, int);
extern void _exit(int);
extern int sigfillset(void *);
extern int pthread_sigmask(int, const void *, void *);
extern int pthread_create(unsigned long *, const void *, void *(*)(void *), void *);

enum { looks = 6, set_mask = 2, sigkill = 9, close_on_exec = 02000000 };
static volatile int silent_looks, lifeline = -1, kills;
static long timeout_ms, look_ms;

/* Reads /proc/self/task/PID/NAME of the main thread. Newlines become `|`. Empty if it cannot be read. */
static void read_task(const char *name, char *text, int size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/%s", getpid(), name);
  int fd = open(path, close_on_exec), length = 0;
  long count;
  while (fd >= 0 && length < size - 1 && (count = read(fd, text + length, size - 1 - length)) > 0) length += count;
  if (fd >= 0) close(fd);
  while (length > 0 && text[length - 1] == '\n') length--;
  text[length] = 0;
  for (int i = 0; i < length; i++) if (text[i] == '\n') text[i] = '|';
}

static void report(void) {
  char stat[512], wait[64], call[256], stack[1024], time[32], line[2048];
  long tm[16];
  struct duration now;
  read_task("stat", stat, sizeof stat);
  read_task("wchan", wait, sizeof wait);
  read_task("syscall", call, sizeof call);
  read_task("stack", stack, sizeof stack);
  char *end = strrchr(stat, ')');
  clock_gettime(0, &now);
  gmtime_r(&now.seconds, tm);
  strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", tm);
  snprintf(line, sizeof line,
    "%s.%03dZ error the event loop has been blocked for %ld s%s (state %c, waiting in %s, system call %s, kernel stack %s)\n",
    time, (int)(now.nanoseconds / 1000000), timeout_ms / 1000, kills ? "; killing gafferd to start it again" : "",
    end == 0 ? '?' : end[2], wait, call, stack[0] == 0 ? "not readable" : stack);
  write(2, line, strlen(line));
}

static void *watch(void *unused) {
  for (;;) {
    struct duration pause = {look_ms / 1000, look_ms % 1000 * 1000000};
    nanosleep(&pause, 0);
    if (++silent_looks != looks) continue;
    report();
    if (!kills) continue;
    if (lifeline >= 0) write(lifeline, "hang\n", 5);
    kill(getpid(), sigkill);
    _exit(70); /* PID 1 ignores the signal. */
  }
}

/* Returns 0, or an errno. */
int start_watch(int timeout, int kills_gafferd) {
  char all[128], before[128];
  unsigned long thread;
  timeout_ms = timeout;
  look_ms = timeout / looks;
  kills = kills_gafferd;
  sigfillset(all);
  pthread_sigmask(set_mask, all, before);
  int failed = pthread_create(&thread, 0, watch, 0);
  pthread_sigmask(set_mask, before, 0);
  return failed;
}

/* The event loop runs. Returns 1 if a report said that it did not. `descriptor` is the pipe to the guardian, or -1. */
int beat(int descriptor) {
  int was_blocked = silent_looks >= looks;
  lifeline = descriptor;
  silent_looks = 0;
  return was_blocked;
}

/*
 * Reports signals that Bun cannot listen for: each writes its number as one byte to a pipe. stray-signals.ts compiles this
 * file with Bun's C compiler, which has no headers. exec resets the handlers, so processes start with the default actions.
 */
typedef void handler(int, void *, void *);

/* struct sigaction of glibc and musl on x86-64 and arm64. */
struct action {
  handler *handler;
  unsigned char mask[128];
  int flags;
  void *restorer;
};

extern long write(int, const void *, unsigned long);
extern int pipe2(int *, int);
extern int *__errno_location(void);
extern int sigaction(int, const struct action *, struct action *);

enum { nonblock_cloexec = 02004000, restart_with_info = 0x10000004, from_process = 0, queued = -1 };
static int write_end = -1;
static handler *inherited;

static void report(int number, void *info, void *context) {
  int saved = *__errno_location();
  unsigned char byte = number;
  write(write_end, &byte, 1);
  *__errno_location() = saved;
}

/* Bun's garbage collector sends this signal between threads. kill(1) sends it to the process. */
static void report_or_forward(int number, void *info, void *context) {
  int code = ((int *)info)[2];
  if (code == from_process || code == queued) report(number, info, context);
  else inherited(number, info, context);
}

/* Returns the read end of the pipe, or -1. */
int open_reports(void) {
  int ends[2];
  if (pipe2(ends, nonblock_cloexec) != 0) return -1;
  write_end = ends[1];
  return ends[0];
}

/* Returns 0, or -1 for a signal that cannot be caught. */
int report_signal(int number) {
  struct action action = {report};
  action.flags = restart_with_info;
  return sigaction(number, &action, 0);
}

/* Like report_signal, for a signal that has an SA_SIGINFO handler of Bun. Returns -1 if it has none. */
int share_signal(int number) {
  struct action action;
  if (sigaction(number, 0, &action) != 0 || action.handler <= (handler *)1 || (action.flags & 4) == 0) return -1;
  inherited = action.handler;
  action.handler = report_or_forward;
  return sigaction(number, &action, 0);
}

/*
 * Reports signals for which Bun has no handler: each writes its number, a byte, to a pipe. stray-signals.ts compiles this
 * with Bun's C compiler, which brings no headers. exec resets the handlers, so processes start with the default actions.
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

/* Bun's garbage collector sends this signal from thread to thread. kill(1) sends it to the process. */
static void report_or_forward(int number, void *info, void *context) {
  int code = ((int *)info)[2];
  if (code == from_process || code == queued) report(number, info, context);
  else inherited(number, info, context);
}

/* The read end of the pipe, or -1. */
int open_reports(void) {
  int ends[2];
  if (pipe2(ends, nonblock_cloexec) != 0) return -1;
  write_end = ends[1];
  return ends[0];
}

/* 0, or -1 for a signal that cannot be caught. */
int report_signal(int number) {
  struct action action = {report};
  action.flags = restart_with_info;
  return sigaction(number, &action, 0);
}

/* As report_signal, for a signal of which Bun has a handler with information. -1 when it has none. */
int share_signal(int number) {
  struct action action;
  if (sigaction(number, 0, &action) != 0 || action.handler <= (handler *)1 || (action.flags & 4) == 0) return -1;
  inherited = action.handler;
  action.handler = report_or_forward;
  return sigaction(number, &action, 0);
}

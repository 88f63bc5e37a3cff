/*
 * Reports signals for which Bun has no handler: each writes its number, a byte, to a pipe. stray-signals.ts compiles this
 * with Bun's C compiler. exec resets the handlers, so processes start with the default actions.
 */
extern long write(int, const void *, unsigned long);
extern int pipe2(int *, int);
extern int *__errno_location(void);
extern void *signal(int, void *);

enum { nonblock_cloexec = 02004000 };
static int write_end = -1;

static void report(int number) {
  int saved = *__errno_location();
  unsigned char byte = number;
  write(write_end, &byte, 1);
  *__errno_location() = saved;
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
  return signal(number, report) == (void *)-1 ? -1 : 0;
}

#!/usr/bin/env python3
"""Does the same as dummy.ts. Python buffers stdout unless it is a terminal, so each line needs `flush`."""

import signal
import sys
import time


def stop(_signal, _frame):
    print("goodbye", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)

count = 0
while True:
    time.sleep(1)
    count += 1
    print(f"hello {count}", flush=True)
    if count % 5 == 0:
        print(f"hello {count} from stderr", file=sys.stderr, flush=True)

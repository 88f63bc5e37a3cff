#!/usr/bin/env python3
"""The twin of dummy.ts. A pipe is no terminal: without `flush` Python would keep its lines for itself."""

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

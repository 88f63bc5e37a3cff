#!/bin/sh
# The twin of echo.ts.
exec cat

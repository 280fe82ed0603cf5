#!/usr/bin/env node
/** The program `forebay`: `npx forebay serve`, and every other command. */

import { native } from './native.js';

process.exitCode = native.program(process.argv.slice(2));

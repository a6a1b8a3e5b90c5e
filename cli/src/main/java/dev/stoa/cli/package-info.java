/** The command line: everything it does, it does through the platform's HTTP API. */
@NullMarked
package dev.stoa.cli;

import org.jspecify.annotations.NullMarked;

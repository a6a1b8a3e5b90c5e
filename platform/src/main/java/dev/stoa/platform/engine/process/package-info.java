/** The default engine: child processes in a sandbox, which outlive the platform. */
@NullMarked
package dev.stoa.platform.engine.process;

import org.jspecify.annotations.NullMarked;

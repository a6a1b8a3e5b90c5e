/** Apps, releases, planner and reconciler, and the HTTP API over them. */
@NullMarked
package dev.stoa.platform.control;

import org.jspecify.annotations.NullMarked;

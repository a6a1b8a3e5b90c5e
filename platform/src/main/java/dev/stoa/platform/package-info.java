/** The server: {@link dev.stoa.platform.Main} starts it, {@link dev.stoa.platform.Platform} constructs all of it. */
@NullMarked
package dev.stoa.platform;

import org.jspecify.annotations.NullMarked;

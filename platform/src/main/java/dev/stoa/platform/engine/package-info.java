/** Runs instances and knows nothing of apps. */
@NullMarked
package dev.stoa.platform.engine;

import org.jspecify.annotations.NullMarked;

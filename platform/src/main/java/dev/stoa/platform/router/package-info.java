/** The edge: takes every request of the world to an instance, and knows nothing of releases. */
@NullMarked
package dev.stoa.platform.router;

import org.jspecify.annotations.NullMarked;

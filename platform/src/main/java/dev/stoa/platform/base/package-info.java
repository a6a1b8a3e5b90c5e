/** What every part may use: threads, ids, secrets, SQL, following a growing file. */
@NullMarked
package dev.stoa.platform.base;

import org.jspecify.annotations.NullMarked;

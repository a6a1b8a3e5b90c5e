/** The program as users have it: the packaged command line, a real platform, real apps. */
@NullMarked
package dev.stoa.e2e;

import org.jspecify.annotations.NullMarked;

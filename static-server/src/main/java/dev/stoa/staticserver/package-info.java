/** Serves the files of a static site; runs as the instance of such an app, on nothing but the JDK. */
@NullMarked
package dev.stoa.staticserver;

import org.jspecify.annotations.NullMarked;

/** Source turned into a runnable slug: detection, buildpacks, dependency caches. */
@NullMarked
package dev.stoa.platform.build;

import org.jspecify.annotations.NullMarked;

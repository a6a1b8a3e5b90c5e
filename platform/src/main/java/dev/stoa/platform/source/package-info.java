/** How code arrives: the uploaded archive, unpacked with suspicion. */
@NullMarked
package dev.stoa.platform.source;

import org.jspecify.annotations.NullMarked;

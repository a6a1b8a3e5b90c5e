/** What the platform and its clients share: the manifest, the records of the wire, and the error codes. */
@NullMarked
package dev.stoa.api;

import org.jspecify.annotations.NullMarked;

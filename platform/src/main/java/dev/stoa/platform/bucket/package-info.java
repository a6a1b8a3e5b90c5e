/** Buckets: objects on the file system with their index in the store, behind the protocol of Amazon S3. */
@NullMarked
package dev.stoa.platform.bucket;

import org.jspecify.annotations.NullMarked;

/** Certificates: reading and checking them, the platform's own authority, and those of others by ACME. */
@NullMarked
package dev.stoa.platform.certificate;

import org.jspecify.annotations.NullMarked;

/** What an app or the platform is given: PostgreSQL clusters. */
@NullMarked
package dev.stoa.platform.resource;

import org.jspecify.annotations.NullMarked;

/** The proxy in front of the databases: it speaks PostgreSQL's protocol as far as it must, and knows nothing of apps. */
@NullMarked
package dev.stoa.platform.resource.proxy;

import org.jspecify.annotations.NullMarked;

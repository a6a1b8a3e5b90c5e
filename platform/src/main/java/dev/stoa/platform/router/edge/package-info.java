/** What the router does on its own, as rules that know nothing of connections. */
@NullMarked
package dev.stoa.platform.router.edge;

import org.jspecify.annotations.NullMarked;

/** What the apps say and do: logs that survive the instance that wrote them. */
@NullMarked
package dev.stoa.platform.observe;

import org.jspecify.annotations.NullMarked;

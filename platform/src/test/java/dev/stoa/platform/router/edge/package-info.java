@NullMarked
package dev.stoa.platform.router.edge;

import org.jspecify.annotations.NullMarked;

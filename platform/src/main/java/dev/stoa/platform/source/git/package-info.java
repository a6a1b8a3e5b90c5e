/** Source that arrives by git. */
@NullMarked
package dev.stoa.platform.source.git;

import org.jspecify.annotations.NullMarked;
